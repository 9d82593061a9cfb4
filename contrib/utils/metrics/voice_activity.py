"""The metrics of voice activity detection: the chunks of recordings, in which somebody speaks or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import fields_of, foreign, is_number
from zoo_core.errors import DataError

_SPOKEN = 0.5
_KEYS = ("speech", "pauses")


class Heard(Protocol):
    """probabilities: float [chunks]. hop: seconds of a chunk. whole: how many of them lie wholly in the recording."""

    @property
    def probabilities(self) -> np.ndarray: ...
    @property
    def hop(self) -> float: ...
    @property
    def whole(self) -> int: ...


class ChunkDetection:
    """auc (primary): how often a chunk with speech has a higher probability than one without, ties counted half.
    accuracy: of chunks, at a probability of 0.5. A chunk is speech where its middle is; what ends before its chunk
    does is not counted."""

    infos = (MetricInfo("auc", "fraction", 0.0, 1.0, True), MetricInfo("accuracy", "fraction", 0.0, 1.0, True))

    def __init__(self) -> None:
        self._scores: dict[str, list[float]] = {key: [] for key in _KEYS}

    def update(self, predictions: Sequence[Heard], truths: Sequence[Sequence[tuple[float, float]]]) -> None:
        """Count the chunks of a batch of recordings; a truth is the spans of speech, in seconds.

        Raises:
            DataError: different lengths, or a probability that is NaN. Nothing of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        if any(np.isnan(one.probabilities[: one.whole]).any() for one in predictions):
            raise DataError("a probability of speech is NaN; in float16 this is often an overflow.")
        for one, spans in zip(predictions, truths, strict=True):
            middles = (np.arange(one.whole) + 0.5) * one.hop
            spoken = np.zeros(one.whole, bool)
            for begin, end in spans:
                spoken |= (middles >= begin) & (middles < end)
            scores = np.asarray(one.probabilities[: one.whole], np.float64)
            self._scores["speech"] += scores[spoken].tolist()
            self._scores["pauses"] += scores[~spoken].tolist()

    def compute(self) -> dict[str, float]:
        """{"auc", "accuracy"}; DataError where chunks with speech, or without, are missing."""
        speech, pauses = (np.sort(self._scores[key]) for key in _KEYS)
        if not len(speech) or not len(pauses):
            raise DataError(
                f"{len(speech)} chunks with speech and {len(pauses)} without were counted: the area under the curve "
                "needs both. Is the data set empty?"
            )
        below = np.searchsorted(pauses, speech, "left").sum() + np.searchsorted(pauses, speech, "right").sum()
        right = (speech >= _SPOKEN).sum() + (pauses < _SPOKEN).sum()
        return {
            "auc": float(below / 2 / len(speech) / len(pauses)),
            "accuracy": float(right / (len(speech) + len(pauses))),
        }

    def state(self) -> dict[str, Any]:
        """The probabilities of chunks with speech, and of those without."""
        return {key: list(scores) for key, scores in self._scores.items()}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        fields = fields_of(state, _KEYS, "a detection of speech")
        if not all(map(_are_scores, fields.values())):
            raise foreign("a detection of speech", state)
        for key in _KEYS:
            self._scores[key] += fields[key]


def _are_scores(values: Any) -> bool:
    return isinstance(values, list) and all(is_number(value, 0, 1) for value in values)
