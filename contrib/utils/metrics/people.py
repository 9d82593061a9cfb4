"""The metric of bottom-up poses: COCO's average precision of keypoints, of everybody that was found in a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.datasets.coco_keypoints import PeopleTruth
from utils.keypoints import deviations
from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.coco_evaluation import annotation, are_rows, precision
from utils.metrics.counts import fields_of, foreign
from utils.metrics.keypoints import MOST, agreement, is_counted, mean_of, true_annotation, truth_row
from utils.postprocess.pytorch.pose import Pose
from zoo_core.errors import DataError

_BOX = 6  # left, top, right, bottom, area, crowd


class PeoplePrecision:
    """Mean average precision over similarities of points, as COCO evaluates them: people of all sizes, 20 a picture.

    map (primary) is the mean over 0.50, 0.55 … 0.95, which is COCO's own ranking; map50 that at 0.50. Whoever is found
    where nobody is counts against it.

    Args:
        names: of the points.
    """

    infos = (
        MetricInfo("map", "fraction", 0.0, 1.0, True),
        MetricInfo("map50", "fraction", 0.0, 1.0, True),
    )

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._pictures: dict[str, dict[str, Any]] = {}

    def update(self, predictions: Sequence[Sequence[Pose]], truths: Sequence[PeopleTruth]) -> None:
        """Count one batch.

        Raises:
            DataError: different lengths, a truth that is no PeopleTruth, another number of points, or a picture that
                was counted before. Nothing of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        entries = []
        for found, truth in zip(predictions, truths, strict=True):
            if not isinstance(truth, PeopleTruth):
                raise DataError(f"truth {truth!r:.80}: the people of a picture are expected (PeopleTruth).")
            for points in (*(one.points for one in found), *(one.points for one in truth.people)):
                if len(points) != len(self._names):
                    raise DataError(
                        f"picture {truth.image}: a person has {len(points)} points; {len(self._names)} are expected."
                    )
            entries.append(_entry(found, truth))
        self._add(entries)

    def compute(self) -> dict[str, float]:
        """{"map": fraction, "map50": fraction}; DataError when nobody was counted."""
        if not any(is_counted(row) for one in self._pictures.values() for row in one["truth"]):
            raise DataError("nobody was counted, so there is no average precision. Is the data set empty?")
        true, found = [], []
        for number, name in enumerate(sorted(self._pictures)):
            true += [true_annotation(number, row) for row in self._pictures[name]["truth"]]
            found += [_found(number, row) for row in self._pictures[name]["found"]]
        table = precision(
            true,
            found,
            pictures=len(self._pictures),
            classes=1,
            kind="keypoints",
            maxDets=[MOST],
            kpt_oks_sigmas=deviations(self._names),
        )[:, :, 0, 0, 0]
        return {"map": mean_of(table), "map50": mean_of(table[:1])}

    def state(self) -> dict[str, Any]:
        """{"pictures": [{"image": id, "truth": rows, "found": rows}, …]}.

        A row of the truth is a person: x, y and visibility of each point, left, top, right, bottom, area and crowd. One
        of what was found is x, y and score of each point, and the person's score.
        """
        return {"pictures": list(self._pictures.values())}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the pictures of another process, as its `state()` gave them; DataError when they are not that."""
        pictures = fields_of(state, ("pictures",), "an average precision of people's keypoints")["pictures"]
        if not isinstance(pictures, list) or not all(self._is_entry(entry) for entry in pictures):
            raise foreign("an average precision of people's keypoints", state)
        self._add(pictures)

    def _is_entry(self, entry: Any) -> bool:
        wide = 3 * len(self._names)
        return (
            isinstance(entry, dict)
            and set(entry) == {"image", "truth", "found"}
            and type(entry["image"]) in (int, str)
            and are_rows(entry["truth"], wide + _BOX)
            and all(row[-1] in (0, 1) and row[-2] >= 0 for row in entry["truth"])
            and are_rows(entry["found"], wide + 1)
        )

    def _add(self, entries: Sequence[dict[str, Any]]) -> None:
        names = [str(entry["image"]) for entry in entries]
        for place, name in enumerate(names):
            if name in self._pictures or name in names[:place]:
                raise DataError(f"picture {name} was counted twice. Are these two parts of one data set?")
        self._pictures.update(zip(names, entries, strict=True))


def _entry(found: Sequence[Pose], truth: PeopleTruth) -> dict[str, Any]:
    rows = [truth_row(one.points, one.box, one.area, crowd=False) for one in truth.people]
    rows += [truth_row(one.points, one.box, one.area, one.crowd) for one in truth.uncounted]
    return {
        "image": truth.image,
        "truth": rows,
        "found": [[*one.points.astype(np.float64).ravel().tolist(), float(one.score)] for one in found],
    }


def _found(picture: int, row: list[float]) -> dict[str, Any]:
    """What was found of a person; points that were not are 0, and its box is that of all points, as COCO reads it."""
    points = np.array(row[:-1]).reshape(-1, 3)[:, :2]
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return annotation(picture, 0, (left, top, right, bottom), keypoints=row[:-1], score=row[-1])


def same_people(
    one: Sequence[Pose], other: Sequence[Pose], score: float, sure: float = 0.0, margin: float = 0.02
) -> bool:
    """Whether two runtimes found the same people: whoever is above `sure` + `margin` on one side has a person of their
    own above `sure` - `margin` on the other, point by point.

    Args:
        one, other: who was found.
        score: least score of a point that is seen.
        sure: that of a person.
    """
    return all(_have_others(*sides, score, sure, margin) for sides in ((one, other), (other, one)))


def _have_others(people: Sequence[Pose], others: Sequence[Pose], score: float, sure: float, margin: float) -> bool:
    left = [pose for pose in others if pose.score >= sure - margin]
    for person in people:
        if person.score < sure + margin:
            continue
        near = next((number for number, pose in enumerate(left) if agreement(person, pose, score)), None)
        if near is None:
            return False
        left.pop(near)
    return True
