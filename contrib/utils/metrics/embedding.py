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
        self._of(any(isinstance(truth, Judged) for truth in truths)).update(predictions, truths)

    def compute(self) -> dict[str, float]:
        """The figures of the kind that was counted; DataError when nothing was."""
        return self._of(False).compute()

    def state(self) -> dict[str, Any]:
        """The counts of the kind that was counted."""
        return self._of(False).state()

    def merge(self, state: dict[str, Any]) -> None:
        """Add what another process counted, as its `state()` gave it; DataError when it is not that."""
        self._of(isinstance(state, dict) and "queries" in state).merge(state)

    def _of(self, retrieval: bool) -> RetrievalQuality | SimilarityCorrelation:
        """The metric that counts, or from now on does."""
        if self._chosen is None:
            self._chosen = RetrievalQuality() if retrieval else SimilarityCorrelation()
        return self._chosen
