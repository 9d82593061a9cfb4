"""The errors of a head's angles and of five points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.datasets.face_quality import QualityTruth
from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import fields_of, foreign
from utils.metrics.exact import ExactSum
from utils.postprocess.pytorch.face_quality import ANGLES, POINTS, FaceQuality
from zoo_core.errors import DataError

_KINDS = ("yaw", "pitch", "roll", "points")


class QualityError:
    """mae (primary): the mean of yaw's, pitch's and roll's mean absolute error, as head poses are judged on AFLW2000.

    ipn is the mean over the faces of their seen points' mean distance, over that between the eyes; a face one of whose
    eyes is not seen has none, and without any such face it is left out.
    """

    infos = (
        MetricInfo("mae", "degrees", 0.0, float("inf"), False),
        MetricInfo("ipn", "fraction of the eyes' distance", 0.0, float("inf"), False),
        *(MetricInfo(f"{name}_mae", "degrees", 0.0, float("inf"), False) for name in _KINDS[:ANGLES]),
    )

    def __init__(self) -> None:
        self._counts = dict.fromkeys(("faces", "measured"), 0)
        self._sums = {name: ExactSum() for name in _KINDS}

    def update(self, predictions: Sequence[FaceQuality], truths: Sequence[QualityTruth]) -> None:
        """Count one batch; DataError for different lengths or truths that are none, and nothing of it is counted."""
        require_as_many(predictions, truths)
        for truth in truths:
            if not isinstance(truth, QualityTruth):
                raise DataError(f"truth {truth!r:.80}: angles and points of a face are expected (QualityTruth).")
        for found, truth in zip(predictions, truths, strict=True):
            self._counts["faces"] += 1
            for name, error in zip(_KINDS, np.abs(found.angles - truth.angles).tolist(), strict=False):
                self._sums[name].add([error])
            error = points_error(found.points, truth.points)
            if error is not None:
                self._counts["measured"] += 1
                self._sums["points"].add([error])

    def compute(self) -> dict[str, float]:
        """{"mae": degrees, "ipn": …, "yaw_mae": …, …}; DataError when nothing was counted."""
        faces, measured = self._counts["faces"], self._counts["measured"]
        if not faces:
            raise DataError("no face was counted, so there is no error. Is the data set empty?")
        angles = {f"{name}_mae": self._sums[name].value / faces for name in _KINDS[:ANGLES]}
        figures = {"mae": sum(angles.values()) / ANGLES}
        if measured:
            figures["ipn"] = self._sums["points"].value / measured
        return figures | angles

    def state(self) -> dict[str, Any]:
        """{"faces": n, "measured": n, "sums": {"yaw": […], …}}."""
        return {**self._counts, "sums": {name: one.state() for name, one in self._sums.items()}}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        fields = fields_of(state, (*self._counts, "sums"), "angles and points")
        sums = fields_of(fields["sums"], _KINDS, "angles and points")
        faces, measured = fields["faces"], fields["measured"]
        added = {name: ExactSum.of(sums[name], faces, 0, float("inf")) for name in _KINDS[:ANGLES]}
        added["points"] = ExactSum.of(sums["points"], measured, 0, float("inf"))
        if measured > faces:
            raise foreign("angles and points", state)
        for name, more in added.items():
            self._sums[name].add(more.state())
        self._counts["faces"] += faces
        self._counts["measured"] += measured


def points_error(found: np.ndarray, true: np.ndarray) -> float | None:
    """The mean distance of the points that are seen over that of the eyes; None where an eye is not seen.

    Args:
        found, true: [5, 2], x and y; NaN in `true` for what is not seen.
    """
    if found.shape != true.shape or true.shape != (POINTS, 2):
        raise DataError(f"points of shape {list(found.shape)} for {list(true.shape)}; expected [5, 2].")
    eyes = float(np.linalg.norm(true[0] - true[1]))
    if np.isnan(eyes) or not eyes:
        return None
    return float(np.nanmean(np.linalg.norm(found - true, axis=1))) / eyes
