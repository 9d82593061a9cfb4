"""Metrics of object detection: COCO's average precision, computed by pycocotools."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.datasets.coco import GroundTruth
from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.coco_evaluation import annotation, are_rows, precision
from utils.metrics.counts import fields_of, foreign
from utils.postprocess.pytorch.detection import Detections
from zoo_core.errors import DataError

# What the state says of an object of the truth, and of one that was found.
TRUE_FIELDS, FOUND_FIELDS = 7, 6


class CocoAveragePrecision:
    """Mean average precision over classes, as COCO evaluates boxes: at most 100 a picture, objects of all sizes.

    map50 (primary) is the mean at an IoU of 0.5, map the mean over 0.5, 0.55 … 0.95, which is COCO's own ranking. The
    primary is the milder one because it moves less when few pictures are scored. Classes without an object do
    not count.

    Args:
        classes: how many classes there are.
    """

    infos = (
        MetricInfo("map50", "fraction", 0.0, 1.0, True),
        MetricInfo("map", "fraction", 0.0, 1.0, True),
    )

    def __init__(self, classes: int) -> None:
        self._classes = classes
        self._pictures: dict[int | str, dict[str, Any]] = {}
        self._figures: dict[str, float] | None = None

    def update(self, predictions: Sequence[Detections], truths: Sequence[GroundTruth]) -> None:
        """Count one batch.

        Raises:
            DataError: different lengths, a truth that is no GroundTruth, a picture that was counted before, or a
                class that there is not. Nothing of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        entries = []
        for found, truth in zip(predictions, truths, strict=True):
            if not isinstance(truth, GroundTruth):
                raise DataError(f"truth {truth!r:.80}: the objects of a picture are expected (GroundTruth).")
            self._require_classes(truth.image, truth.classes, found.classes)
            entries.append(_entry(found, truth))
        self._add(entries)

    def compute(self) -> dict[str, float]:
        """{"map50": fraction, "map": fraction}; DataError when nothing was counted, or no object is in the truth."""
        if not self._pictures:
            raise DataError("no sample was counted, so there is no average precision. Is the data set empty?")
        if not any(row[5] == 0 for entry in self._pictures.values() for row in entry["truth"]):
            raise DataError(f"the {len(self._pictures)} pictures that were counted have no object to find.")
        if self._figures is None:
            pictures = [self._pictures[name] for name in sorted(self._pictures, key=str)]
            precisions = _precision(pictures, self._classes)
            self._figures = {"map50": _mean(precisions[:1]), "map": _mean(precisions)}
        return dict(self._figures)

    def state(self) -> dict[str, Any]:
        """{"pictures": [{"image": id, "truth": rows, "found": rows}, …]}.

        A row of the truth is [left, top, right, bottom, class, crowd, area], one of what was found ends with score
        behind class.
        """
        return {"pictures": list(self._pictures.values())}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the pictures of another process, as its `state()` gave them; DataError when they are not that."""
        pictures = fields_of(state, ("pictures",), "an average precision")["pictures"]
        if not isinstance(pictures, list) or not all(self._is_entry(entry) for entry in pictures):
            raise foreign("an average precision", state)
        self._add(pictures)

    def _is_entry(self, entry: Any) -> bool:
        if not isinstance(entry, dict) or set(entry) != {"image", "truth", "found"}:
            return False
        if type(entry["image"]) not in (int, str) or not are_rows(entry["truth"], TRUE_FIELDS):
            return False
        if not are_rows(entry["found"], FOUND_FIELDS):
            return False
        classes = range(self._classes)
        marked = all(crowd in (0, 1) and area >= 0 for *_, crowd, area in entry["truth"])
        return marked and all(row[4] in classes for row in (*entry["truth"], *entry["found"]))

    def _add(self, entries: Sequence[dict[str, Any]]) -> None:
        names = [entry["image"] for entry in entries]
        for place, name in enumerate(names):
            if name in self._pictures or name in names[:place]:
                raise DataError(f"picture {name} was counted twice. Are these two parts of one data set?")
        self._pictures.update(zip(names, entries, strict=True))
        self._figures = None

    def _require_classes(self, image: int | str, *several: np.ndarray) -> None:
        for classes in several:
            wrong = classes[(classes < 0) | (classes >= self._classes)]
            if len(wrong):
                raise DataError(f"picture {image}: class {wrong[0]}; a class index is from 0 to {self._classes - 1}.")


def agreement(one: Detections, other: Detections, score: float, margin: float = 0.02, overlap: float = 0.9) -> bool:
    """Whether two runtimes found the same in a picture.

    Each object above `score` must have a counterpart of its class with an IoU of at least `overlap` on the other side,
    and none may serve twice. An object within `margin` of the score threshold may be on one side only.
    """
    from utils.boxes import iou

    floor = score - margin
    for mine, theirs in ((one, other), (other, one)):
        sure, others = mine.above(score + margin), theirs.above(floor)
        near = iou(sure.boxes, others.boxes) * (sure.classes[:, None] == others.classes[None])
        taken: set[int] = set()
        for row in near:
            free = [place for place in np.argsort(-row) if row[place] >= overlap and int(place) not in taken]
            if not free:
                return False
            taken.add(int(free[0]))
    return True


def _entry(found: Detections, truth: GroundTruth) -> dict[str, Any]:
    truths = zip(truth.boxes, truth.classes, truth.crowd, truth.areas, strict=True)
    seen = zip(found.boxes, found.classes, found.scores, strict=True)
    return {
        "image": truth.image,
        "truth": [[*map(float, box), int(one), int(crowd), float(size)] for box, one, crowd, size in truths],
        "found": [[*map(float, box), int(one), float(score)] for box, one, score in seen],
    }


def _precision(pictures: Sequence[dict[str, Any]], classes: int) -> np.ndarray:
    """[10 IoU thresholds, 101 recalls, classes] for objects of all sizes, -1 for classes without any."""
    true, found = [], []
    for number, entry in enumerate(pictures):
        for *box, index, crowd, area in entry["truth"]:
            true.append(annotation(number, int(index), box, iscrowd=int(crowd), area=area))
        for *box, index, score in entry["found"]:
            found.append(annotation(number, int(index), box, score=score))
    all_sizes, most = 0, -1
    return precision(true, found, pictures=len(pictures), classes=classes)[:, :, :, all_sizes, most]


def _mean(precisions: np.ndarray) -> float:
    return float(precisions[precisions > -1].mean())
