"""The metrics of embeddings of texts, of whichever of two kinds the truths are: likeness of pairs, or retrieval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from utils.datasets.beir import Judged
from utils.metrics.base import MetricInfo
from utils.metrics.retrieval import RetrievalQuality
from utils.metrics.similarity import SimilarityCorrelation


class EmbeddingQuality:
    """`RetrievalQuality` where the first truth is of a retrieval data set, else `SimilarityCorrelation`."""

    def __init__(self) -> None:
        self._chosen: RetrievalQuality | SimilarityCorrelation | None = None

    @property
    def infos(self) -> tuple[MetricInfo, ...]:
        return (self._chosen or SimilarityCorrelation()).infos

    def update(self, predictions: Sequence[Any], truths: Sequence[Any]) -> None:
        """Count one batch; DataError as the metric of this kind says. Nothing of the batch has been counted then."""
        metric = self._of(any(isinstance(truth, Judged) for truth in truths))
        metric.update(predictions, truths)
        self._chosen = metric

    def compute(self) -> dict[str, float]:
        """The figures of the kind that was counted; DataError when nothing was."""
        return self._of(False).compute()

    def state(self) -> dict[str, Any]:
        """The counts of the kind that was counted."""
        return self._of(False).state()

    def merge(self, state: dict[str, Any]) -> None:
        """Add what another process counted, as its `state()` gave it; DataError when it is not that."""
        if state == SimilarityCorrelation().state():  # it had nothing to count, of either kind
            return
        metric = self._of(isinstance(state, dict) and "queries" in state)
        metric.merge(state)
        self._chosen = metric

    def _of(self, retrieval: bool) -> RetrievalQuality | SimilarityCorrelation:
        """The metric that counts, or a new one where none does yet."""
        return self._chosen or (RetrievalQuality() if retrieval else SimilarityCorrelation())
