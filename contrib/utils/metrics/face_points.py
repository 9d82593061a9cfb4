"""The error of a face's points, over the distance of the eyes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.datasets.face_points import PointsTruth
from utils.face_points import LAYOUTS
from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import fields_of, foreign, is_number
from utils.postprocess.pytorch.face_points import FoundPoints
from zoo_core.errors import DataError

FAILURE = 0.10  # of the eyes' distance: a face with a larger error is a failure, and the curve ends


class PointsError:
    """nme (primary): the mean over the faces of their points' mean distance, divided by the distance between the eyes.

    Of 68 points that is between the outer corners (inter-ocular, as 300-W has it), of five between the eyes. failures
    is the part of the faces with an error above 0.10; auc the area under the curve of cumulated errors up to there,
    divided by it.

    Args:
        count: of the points.
    """

    infos = (
        MetricInfo("nme", "fraction of the eyes' distance", 0.0, float("inf"), False),
        MetricInfo("failures", "fraction", 0.0, 1.0, False),
        MetricInfo("auc", "fraction", 0.0, 1.0, True),
    )

    def __init__(self, count: int) -> None:
        self._count = count
        self._errors: list[float] = []

    def update(self, predictions: Sequence[FoundPoints], truths: Sequence[PointsTruth]) -> None:
        """Count one batch.

        Raises:
            DataError: different lengths, a truth that is no PointsTruth, another number of points, or eyes in one
                place. Nothing of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        errors = []
        for found, truth in zip(predictions, truths, strict=True):
            if not isinstance(truth, PointsTruth):
                raise DataError(f"truth {truth!r:.80}: the points of a face are expected (PointsTruth).")
            errors.append(points_error(found.points, truth.points, self._count))
        self._errors += errors

    def compute(self) -> dict[str, float]:
        """{"nme": …, "failures": …, "auc": …}; DataError when nothing was counted."""
        if not self._errors:
            raise DataError("no face was counted, so there is no error. Is the data set empty?")
        errors = np.sort(self._errors)  # so that the order of the faces does not matter
        return {
            "nme": float(errors.mean()),
            "failures": float((errors > FAILURE).mean()),
            "auc": float((1 - errors / FAILURE).clip(0).mean()),
        }

    def state(self) -> dict[str, Any]:
        """{"errors": [of each face]}."""
        return {"errors": list(self._errors)}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        errors = fields_of(state, ("errors",), "points")["errors"]
        if not isinstance(errors, list) or not all(is_number(one, 0) for one in errors):
            raise foreign("points", state)
        self._errors += [float(one) for one in errors]


def points_error(found: np.ndarray, true: np.ndarray, count: int) -> float:
    """The mean distance of a face's points over that of its eyes.

    Args:
        found, true: [count, 2], x and y.
        count: of the points, one of those that `LAYOUTS` has.

    Raises:
        DataError: another number of points, or eyes in one place.
    """
    found, true = np.asarray(found, np.float64), np.asarray(true, np.float64)
    if not found.shape == true.shape == (count, 2):
        raise DataError(f"{len(found)} points were found of {len(true)}; {count} are expected.")
    one, other = LAYOUTS[count].eyes
    eyes = float(np.linalg.norm(true[one] - true[other]))
    if not eyes:
        raise DataError("both eyes are in one place: there is nothing to measure by.")
    return float(np.linalg.norm(found - true, axis=1).mean()) / eyes
