"""Metrics of text classification: accuracy and F1, from a confusion matrix, by scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import fields_of, is_count
from utils.postprocess.pytorch.classification import Ranking
from zoo_core.errors import DataError


class AccuracyAndF1:
    """The fraction of samples with the right class (primary), and F1.

    F1 is the harmonic mean of precision and recall: for two classes that of class 1, as GLUE has it; for more, the
    plain mean over the classes ("macro").

    Args:
        classes: how many classes there are, at least 2.
    """

    infos = (
        MetricInfo("accuracy", "fraction", 0.0, 1.0, True),
        MetricInfo("f1", "fraction", 0.0, 1.0, True),
    )

    def __init__(self, classes: int) -> None:
        # counts[truth][prediction]
        self._counts = [[0] * classes for _ in range(classes)]

    def update(self, predictions: Sequence[Ranking], truths: Sequence[int]) -> None:
        """Count one batch of rankings against the true class indices.

        Raises:
            DataError: different lengths, or a truth that is no class. Nothing of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        checked = [self._checked(truth) for truth in truths]
        for ranking, truth in zip(predictions, checked, strict=True):
            self._counts[truth][ranking.classes[0]] += 1

    def compute(self) -> dict[str, float]:
        """{"accuracy": fraction, "f1": fraction}; DataError when nothing was counted."""
        from sklearn.metrics import accuracy_score, f1_score

        cells = [(t, p, n) for t, row in enumerate(self._counts) for p, n in enumerate(row) if n]
        if not cells:
            raise DataError("no sample was counted, so there is no accuracy. Is the data set empty?")
        truths, predictions, weights = zip(*cells, strict=True)
        average = "binary" if len(self._counts) == 2 else "macro"
        f1 = f1_score(truths, predictions, average=average, sample_weight=weights, zero_division=0.0)
        return {"accuracy": float(accuracy_score(truths, predictions, sample_weight=weights)), "f1": float(f1)}

    def state(self) -> dict[str, Any]:
        """{"samples": n, "confusion": one list a true class, with a count for each predicted one}."""
        return {"samples": sum(map(sum, self._counts)), "confusion": [list(row) for row in self._counts]}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        fields = fields_of(state, ("samples", "confusion"), f"{len(self._counts)} classes")
        rows = fields["confusion"]
        width = len(self._counts)
        fits = isinstance(rows, list) and len(rows) == width
        fits = fits and all(isinstance(row, list) and len(row) == width and all(map(is_count, row)) for row in rows)
        if not fits or not is_count(fields["samples"]) or fields["samples"] != sum(map(sum, rows)):
            raise DataError(f"these are not the counts of {width} classes: {state!r:.200}.")
        self._counts = [
            [own + more for own, more in zip(*pair, strict=True)] for pair in zip(self._counts, rows, strict=True)
        ]

    def _checked(self, truth: Any) -> int:
        try:
            number = index(truth)
        except TypeError as error:
            raise DataError(f"truth {truth!r:.80}: a class index (a whole number) is expected.") from error
        if not 0 <= number < len(self._counts):
            raise DataError(f"truth {number}: a class index is from 0 to {len(self._counts) - 1}.")
        return number
