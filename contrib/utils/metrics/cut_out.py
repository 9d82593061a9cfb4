"""The metric of what is cut out by a prompt: the mean intersection over union with the object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.datasets.voc_objects import ObjectMask
from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import fields_of, foreign, is_count, is_number
from utils.postprocess.pytorch.cut_out import CutOut
from zoo_core.errors import DataError

_FIELDS = {"sum", "objects"}


class CutOutIou:
    """miou: the mean over objects of the intersection over union of mask and object; void pixels do not count."""

    infos = (MetricInfo("miou", "fraction", 0.0, 1.0, True),)

    def __init__(self) -> None:
        self._sum, self._objects = 0.0, 0

    def update(self, predictions: Sequence[CutOut], truths: Sequence[ObjectMask]) -> None:
        """Count one batch. Raises DataError; then nothing of it has been counted."""
        require_as_many(predictions, truths)
        found = [_iou(one, truth) for one, truth in zip(predictions, truths, strict=True)]
        self._sum, self._objects = self._sum + sum(found), self._objects + len(found)

    def compute(self) -> dict[str, float]:
        """{"miou": fraction}; DataError when nothing was counted."""
        if not self._objects:
            raise DataError("no sample was counted, so there is no mean. Is the data set empty?")
        return {"miou": self._sum / self._objects}

    def state(self) -> dict[str, Any]:
        """{"sum": of the fractions, "objects": how many}."""
        return {"sum": self._sum, "objects": self._objects}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        fields = fields_of(state, _FIELDS, "a mean of overlaps")
        if not is_count(fields["objects"]) or not is_number(fields["sum"], 0, fields["objects"]):
            raise foreign("a mean of overlaps", state)
        self._sum, self._objects = self._sum + fields["sum"], self._objects + fields["objects"]


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two bool arrays; 1 where both are empty."""
    union = int((one | other).sum())
    return int((one & other).sum()) / union if union else 1.0


def _iou(found: CutOut, truth: ObjectMask) -> float:
    if not isinstance(truth, ObjectMask):
        raise DataError(f"truth {truth!r:.80}: the mask of an object is expected (ObjectMask).")
    mask, counts = truth.arrays()
    if mask.shape != found.mask.shape:
        raise DataError(f"{truth.path}: a mask of {mask.shape[::-1]} for a picture of {found.mask.shape[::-1]}.")
    return overlap(found.mask & counts, mask)
