"""Metrics of semantic segmentation."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.datasets.voc_segmentation import VOID, IndexMask
from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import is_count
from utils.postprocess.pytorch.segmentation import Segments
from zoo_core.errors import DataError


class MeanIoU:
    """miou (primary): intersection over union of each class over all pixels of the data set, averaged over classes.

    As PASCAL VOC defines it; a class that is neither in the truth nor predicted anywhere has no value and is left
    out. pixel_accuracy: the fraction of pixels with the right class. Void pixels (255) count nowhere.

    Args:
        classes: how many there are.
        averaged: the mean is that of the first so many; None: of all. Pixels of the others count in the union where one
            of the first is predicted, as ESPNet's authors count CamVid's void, and not in pixel_accuracy.
    """

    infos = (
        MetricInfo("miou", "fraction", 0.0, 1.0, True),
        MetricInfo("pixel_accuracy", "fraction", 0.0, 1.0, True),
    )

    def __init__(self, classes: int, averaged: int | None = None) -> None:
        self._classes = classes
        self._averaged = classes if averaged is None else averaged
        self._confusion = np.zeros((classes, classes), np.int64)  # truth down, prediction across

    def update(self, predictions: Sequence[Segments], truths: Sequence[IndexMask]) -> None:
        """Count one batch.

        Raises:
            DataError: different lengths, a truth that cannot be read or has another size than its prediction. Nothing
                of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        counted = np.zeros_like(self._confusion)
        for found, truth in zip(predictions, truths, strict=True):
            if not isinstance(truth, IndexMask):
                raise DataError(f"truth {truth!r:.80}: a mask is expected (IndexMask).")
            mask = truth.array()
            if mask.shape != found.mask.shape:
                raise DataError(
                    f"{truth.path}: this mask has {mask.shape[1]} x {mask.shape[0]} pixels, its prediction "
                    f"{found.mask.shape[1]} x {found.mask.shape[0]}."
                )
            counted += confusion(mask, found.mask, self._classes)
        self._confusion += counted

    def compute(self) -> dict[str, float]:
        """{"miou": fraction, "pixel_accuracy": fraction}; DataError when no pixel was counted."""
        counted = self._confusion[: self._averaged]
        pixels = int(counted.sum())
        if not pixels:
            raise DataError("no pixel was counted, so there is no mIoU. Is the data set empty, or all of it void?")
        values = self.by_class()[: self._averaged]
        return {
            "miou": float(np.mean([value for value in values if value is not None])),
            "pixel_accuracy": float(np.trace(counted) / pixels),
        }

    def by_class(self) -> list[float | None]:
        """Intersection over union of each class; None for one that does not occur."""
        right = np.diag(self._confusion)
        union = self._confusion.sum(axis=0) + self._confusion.sum(axis=1) - right
        return [float(hit / count) if count else None for hit, count in zip(right, union, strict=True)]

    def state(self) -> dict[str, Any]:
        """{"confusion": pixels of each true class (rows) that each class was predicted for (columns)}."""
        return {"confusion": self._confusion.tolist()}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        rows = state.get("confusion") if isinstance(state, dict) and len(state) == 1 else None
        if not _is_table(rows, self._classes):
            raise DataError(f"these are not the counts of {self._classes} classes: {state!r:.200}.")
        self._confusion += np.array(rows, np.int64)


def _is_table(rows: Any, classes: int) -> bool:
    return (
        isinstance(rows, list)
        and len(rows) == classes
        and all(isinstance(row, list) and len(row) == classes for row in rows)
        and all(is_count(count) for row in rows for count in row)
    )


def confusion(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """int64 [classes, classes]: pixels of each true class (rows) by predicted class (columns), void left out.

    Args:
        truth, predicted: uint8 arrays of one shape.
        classes: how many there are.
    """
    judged = truth != VOID
    pairs = truth[judged].astype(np.int64) * classes + predicted[judged]
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def agreement(one: Segments, other: Segments, share: float = 0.995) -> bool:
    """Whether two runtimes give the same class to at least `share` of the pixels; edges may move a little."""
    return float((one.mask == other.mask).mean()) >= share
