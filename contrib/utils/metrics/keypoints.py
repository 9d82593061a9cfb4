"""The metric of keypoints: COCO's average precision by object keypoint similarity, computed by pycocotools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.datasets.coco_keypoints import PersonTruth
from utils.keypoints import deviations
from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.coco_evaluation import annotation, are_rows, precision
from utils.metrics.counts import fields_of, foreign
from utils.postprocess.pytorch.pose import Pose
from zoo_core.errors import DataError

MOST = 20  # people of a picture, as COCO evaluates keypoints
_BOX = 6  # left, top, right, bottom, area, crowd


class KeypointPrecision:
    """Mean average precision over similarities of points, as COCO evaluates them: people of all sizes, 20 a picture.

    map (primary) is the mean over 0.50, 0.55 … 0.95, which is COCO's own ranking; map50 that at 0.50. A person is
    scored by its points and by nothing else, because its box is given.

    Args:
        names: of the points; of those that COCO does not have, 0.05 of a person's size counts as one deviation.
    """

    infos = (
        MetricInfo("map", "fraction", 0.0, 1.0, True),
        MetricInfo("map50", "fraction", 0.0, 1.0, True),
    )

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._people: dict[str, dict[str, Any]] = {}

    def update(self, predictions: Sequence[Pose], truths: Sequence[PersonTruth]) -> None:
        """Count one batch.

        Raises:
            DataError: different lengths, a truth that is no PersonTruth, another number of points, or a person that
                was counted before. Nothing of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        entries = []
        for found, truth in zip(predictions, truths, strict=True):
            if not isinstance(truth, PersonTruth):
                raise DataError(f"truth {truth!r:.80}: the points of a person are expected (PersonTruth).")
            if not len(found.points) == len(truth.points) == len(self._names):
                raise DataError(
                    f"picture {truth.image}: {len(found.points)} points were found of {len(truth.points)}; "
                    f"{len(self._names)} are expected."
                )
            entries.append(_entry(found, truth))
        self._add(entries)

    def compute(self) -> dict[str, float]:
        """{"map": fraction, "map50": fraction}; DataError when nothing was counted."""
        if not self._people:
            raise DataError("no sample was counted, so there is no average precision. Is the data set empty?")
        table = self._precision()
        return {"map": mean_of(table), "map50": mean_of(table[:1])}

    def _precision(self) -> np.ndarray:
        """[10 similarities, 101 recalls]."""
        people = [self._people[name] for name in sorted(self._people)]
        images = {name: number for number, name in enumerate(dict.fromkeys(str(one["image"]) for one in people))}
        true, found = [], []
        for one in people:
            picture = images[str(one["image"])]
            true += [true_annotation(picture, row) for row in one["truth"]]
            points = np.array(one["found"][:-1]).reshape(-1, 3)
            (left, top), (right, bottom) = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
            said = {"keypoints": one["found"][:-1], "score": one["found"][-1]}
            found.append(annotation(picture, 0, (left, top, right, bottom), **said))
        table = precision(
            true,
            found,
            pictures=len(images),
            classes=1,
            kind="keypoints",
            maxDets=[MOST],
            kpt_oks_sigmas=deviations(self._names),
        )
        return table[:, :, 0, 0, 0]

    def state(self) -> dict[str, Any]:
        """{"people": [{"image": id, "person": id, "truth": rows, "found": row}, …]}.

        The first row of the truth is the person, others are what does not count: x, y and visibility of each point,
        left, top, right, bottom, area and crowd. What was found is x, y and score of each point, and the person's
        score.
        """
        return {"people": list(self._people.values())}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the people of another process, as its `state()` gave them; DataError when they are not that."""
        people = fields_of(state, ("people",), "an average precision of keypoints")["people"]
        if not isinstance(people, list) or not all(self._is_entry(entry) for entry in people):
            raise foreign("an average precision of keypoints", state)
        self._add(people)

    def _is_entry(self, entry: Any) -> bool:
        wide = 3 * len(self._names)
        return (
            isinstance(entry, dict)
            and set(entry) == {"image", "person", "truth", "found"}
            and all(type(entry[name]) in (int, str) for name in ("image", "person"))
            and are_rows(entry["truth"], wide + _BOX)
            and len(entry["truth"]) > 0
            and all(row[-1] in (0, 1) and row[-2] >= 0 for row in entry["truth"])
            and are_rows([entry["found"]], wide + 1)
        )

    def _add(self, entries: Sequence[dict[str, Any]]) -> None:
        names = [f"{entry['image']}:{entry['person']}" for entry in entries]
        for place, name in enumerate(names):
            if name in self._people or name in names[:place]:
                raise DataError(f"person {name} was counted twice. Are these two parts of one data set?")
        self._people.update(zip(names, entries, strict=True))


def agreement(one: Pose, other: Pose, score: float, margin: float = 0.02, cells: float = 1.5) -> bool:
    """Whether two runtimes found the same person.

    Of the points above `score` + `margin` on one side, nine of ten lie within so many cells of the maps on the other,
    where they are above `score` - `margin`: between neighbouring cells that are as high, rounding chooses. A point
    that is hidden has several places that are as good as each other, so that one of 17 may differ.
    """
    far = np.linalg.norm(one.points[:, :2] - other.points[:, :2], axis=1) > cells * max(one.cell, other.cell)
    low = np.minimum(one.points[:, 2], other.points[:, 2]) < score - margin
    sure = np.maximum(one.points[:, 2], other.points[:, 2]) >= score + margin
    return int((sure & (far | low)).sum()) <= int(0.1 * sure.sum())


def truth_row(points: np.ndarray, box: Sequence[float], area: float, crowd: bool) -> list[float]:
    """A person of the truth as the states of metrics keep it: points [K, 3], left, top, right, bottom, area, crowd."""
    return [*points.ravel().tolist(), *map(float, box), float(area), int(crowd)]


def _entry(found: Pose, truth: PersonTruth) -> dict[str, Any]:
    rows = [truth_row(truth.points, truth.box, truth.area, crowd=False)]
    rows += [truth_row(one.points, one.box, one.area, one.crowd) for one in truth.uncounted]
    return {
        "image": truth.image,
        "person": truth.number,
        "truth": rows,
        "found": [*found.points.astype(np.float64).ravel().tolist(), float(found.score)],
    }


def true_annotation(picture: int, row: list[float]) -> dict[str, Any]:
    """A `truth_row` as COCO writes it."""
    *points, left, top, right, bottom, area, crowd = row
    seen = sum(value > 0 for value in points[2::3])
    # COCO's preparation of keypoints ignores people without any
    return annotation(
        picture, 0, (left, top, right, bottom), keypoints=points, num_keypoints=seen, area=area, iscrowd=int(crowd)
    )


def is_counted(row: list[float]) -> bool:
    """Whether somebody is to be found by a `truth_row`: no crowd, and at least one point is labelled."""
    *points, _left, _top, _right, _bottom, _area, crowd = row
    return not crowd and any(value > 0 for value in points[2::3])


def mean_of(table: np.ndarray) -> float:
    """The mean of precisions; -1 stands for none."""
    return float(table[table > -1].mean())
