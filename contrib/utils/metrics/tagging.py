"""The metric of tags, of which a sample may have several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.ranking import ClickMetrics
from zoo_core.errors import DataError


class Tagged(Protocol):
    """scores: float [tags], the probability of each, 0 to 1."""

    @property
    def scores(self) -> np.ndarray: ...


@dataclass(frozen=True)
class _One:
    score: float


class TagAuc:
    """auc (primary): the mean over tags of the AUC of each, by scikit-learn: how often a recording that has a tag gets
    a higher score for it than one that has not.

    Args:
        tags: their names, for messages.
    """

    infos = (MetricInfo("auc", "fraction", 0.0, 1.0, True),)

    def __init__(self, tags: tuple[str, ...]) -> None:
        self._tags = tags
        self._each = [ClickMetrics() for _ in tags]

    def update(self, predictions: Sequence[Tagged], truths: Sequence[np.ndarray]) -> None:
        """Count one batch of scores against which tags there are, bool [tags].

        Raises:
            DataError: different lengths, another number of tags, or a score that is no probability. Nothing of the
                batch has been counted then.
        """
        require_as_many(predictions, truths)
        for prediction, truth in zip(predictions, truths, strict=True):
            if len(prediction.scores) != len(self._tags) or len(truth) != len(self._tags):
                raise DataError(f"{len(prediction.scores)} scores for {len(truth)} tags; {len(self._tags)} are known.")
            if not ((prediction.scores >= 0) & (prediction.scores <= 1)).all():
                raise DataError(f"scores of {prediction.scores.tolist()}: a probability is 0 to 1.")
        for place, metric in enumerate(self._each):
            scores = [_One(float(prediction.scores[place])) for prediction in predictions]
            metric.update(scores, [int(truth[place]) for truth in truths])

    def compute(self) -> dict[str, float]:
        """{"auc": fraction}; DataError when nothing was counted, or a tag that all recordings have, or none."""
        found = []
        for tag, metric in zip(self._tags, self._each, strict=True):
            try:
                found.append(metric.compute()["auc"])
            except DataError as error:
                raise DataError(f"tag {tag}: {error}") from error
        return {"auc": float(np.mean(found))}

    def state(self) -> dict[str, Any]:
        """{tag: the state of its own AUC}."""
        return {tag: metric.state() for tag, metric in zip(self._tags, self._each, strict=True)}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the scores of another process, as its `state()` gave them; DataError when they are not that."""
        if not isinstance(state, dict) or set(state) != set(self._tags):
            raise DataError(f"these are not the scores of the tags {', '.join(self._tags)}: {state!r:.100}.")
        other = TagAuc(self._tags)
        for tag, metric in zip(self._tags, other._each, strict=True):
            metric.merge(state[tag])
        if len({state[tag]["samples"] for tag in self._tags}) > 1:
            raise DataError(f"these are not the scores of the tags of one set of recordings: {state!r:.100}.")
        for tag, metric in zip(self._tags, self._each, strict=True):
            metric.merge(state[tag])
