"""The metric of semantic textual similarity: how well cosines of embeddings follow human scores, by scipy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.datasets.sts import Side
from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import are_vectors, fields_of, foreign, is_number
from zoo_core.errors import DataError


class SimilarityCorrelation:
    """Spearman's rank correlation (primary) and Pearson's, of the cosine of a pair's embeddings and its score.

    That is how the STS benchmark is scored (Reimers, Beyer, Gurevych, 2016, on why Spearman's). Each sentence comes
    alone; the first of a pair waits for the second, in whatever order and process they come.
    """

    infos = (
        MetricInfo("spearman", "correlation", -1.0, 1.0, True),
        MetricInfo("pearson", "correlation", -1.0, 1.0, True),
    )

    def __init__(self) -> None:
        self._pairs: dict[str, tuple[float, float]] = {}  # score, cosine
        self._waiting: dict[str, tuple[Side, np.ndarray]] = {}

    def update(self, predictions: Sequence[Any], truths: Sequence[Side]) -> None:
        """Count one batch: embeddings, as objects with `.vector`, float [D]; and what is known of each sentence.

        Raises:
            DataError: different lengths, a truth that is no Side, an embedding that is infinite or NaN, or a sentence
                that was counted before. Nothing of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        seen = {(side.pair, side.side) for side, _ in self._waiting.values()}
        for truth in truths:
            if not isinstance(truth, Side):
                raise DataError(f"truth {truth!r:.80}: pair, side and score of a sentence are expected.")
            if truth.pair in self._pairs or (truth.pair, truth.side) in seen:
                raise DataError(f"sentence {truth.side} of pair {truth.pair} comes a second time.")
            seen.add((truth.pair, truth.side))
        vectors = [np.asarray(prediction.vector, np.float64) for prediction in predictions]
        for vector, truth in zip(vectors, truths, strict=True):
            if not np.isfinite(vector).all():
                raise DataError(
                    f"the embedding of sentence {truth.side} of pair {truth.pair} is not of finite numbers."
                )
        for vector, truth in zip(vectors, truths, strict=True):
            self._take(truth, vector)

    def _take(self, side: Side, vector: np.ndarray) -> None:
        other = self._waiting.pop(side.pair, None)
        if other is None:
            self._waiting[side.pair] = (side, vector)
        else:
            self._pairs[side.pair] = (side.score, cosine(vector, other[1]))

    def compute(self) -> dict[str, float]:
        """{"spearman": …, "pearson": …}, -1 to 1.

        They are NaN while less than two pairs are complete, as in one of several processes that share the sentences,
        or where all scores are the same. DataError when nothing was counted.
        """
        if not self._pairs and not self._waiting:
            raise DataError("no sentence was counted, so there is no correlation. Is the data set empty?")
        scores, cosines = zip(*self._pairs.values(), strict=True) if self._pairs else ((), ())
        if len(set(scores)) < 2 or len(set(cosines)) < 2:
            return dict.fromkeys(("spearman", "pearson"), math.nan)
        from scipy.stats import pearsonr, spearmanr

        return {
            "spearman": float(spearmanr(scores, cosines).statistic),
            "pearson": float(pearsonr(scores, cosines).statistic),
        }

    def state(self) -> dict[str, Any]:
        """{"pairs": {id: [score, cosine]}, "waiting": {id: [side, score, embedding]}}."""
        return {
            "pairs": {pair: list(both) for pair, both in self._pairs.items()},
            "waiting": {
                pair: [side.side, side.score, vector.tolist()] for pair, (side, vector) in self._waiting.items()
            },
        }

    def merge(self, state: dict[str, Any]) -> None:
        """Add what another process counted, as its `state()` gave it; DataError when it is not that."""
        fields = fields_of(state, ("pairs", "waiting"), "a similarity")
        if not _are_pairs(fields["pairs"]) or not _are_waiting(fields["waiting"]):
            raise foreign("a similarity", state)
        pairs = {pair: (score, value) for pair, (score, value) in fields["pairs"].items()}
        waiting = {
            pair: (Side(pair, side, score), np.array(vector, np.float64))
            for pair, (side, score, vector) in fields["waiting"].items()
        }
        if len({len(vector) for _, vector in (*waiting.values(), *self._waiting.values())}) > 1:
            raise foreign("a similarity", state)
        twice = [pair for pair in (*pairs, *waiting) if pair in self._pairs]
        twice += [pair for pair in pairs if pair in self._waiting or pair in waiting]
        twice += [pair for pair, (side, _) in waiting.items() if self._same_side(pair, side)]
        if twice:
            raise DataError(f"pair {twice[0]} was counted here and there.")
        self._pairs |= pairs
        for side, vector in waiting.values():
            self._take(side, vector)

    def _same_side(self, pair: str, side: Side) -> bool:
        return pair in self._waiting and self._waiting[pair][0].side == side.side


def _are_pairs(said: Any) -> bool:
    return isinstance(said, dict) and all(
        isinstance(both, list) and len(both) == 2 and is_number(both[0]) and is_number(both[1], -1, 1)
        for both in said.values()
    )


def _are_waiting(said: Any) -> bool:
    return isinstance(said, dict) and all(
        isinstance(one, list)
        and len(one) == 3
        and type(one[0]) is int
        and one[0] in (1, 2)
        and is_number(one[1])
        and are_vectors([one[2]])
        for one in said.values()
    )


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    """The cosine of the angle between two vectors [D], computed in float64; 0 where one of them is all zeros."""
    one, other = one.astype(np.float64), other.astype(np.float64)
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / lengths if lengths else 0.0
