"""The metrics of recommendations: where the thing that was chosen stands among those that were not."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2
from typing import Any, Protocol

import numpy as np

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import fields_of, foreign, is_count
from utils.metrics.exact import ExactSum
from zoo_core.errors import DataError

TOP = 10
_COUNTS = ("samples", "hits", "gains")


class Ordered(Protocol):
    """items: int64 [n]. keys: float [n], what they are put in order by, the higher the better."""

    @property
    def items(self) -> np.ndarray: ...
    @property
    def keys(self) -> np.ndarray: ...


class HitRate:
    """hit_rate (primary): how often the chosen thing is among the ten best. ndcg: 1 / log2(place + 1) of it, averaged,
    nothing behind the tenth place. Of things with one score the chosen one is the last, as its authors measure."""

    infos = (
        MetricInfo("hit_rate", "fraction", 0.0, 1.0, True),
        MetricInfo("ndcg", "fraction", 0.0, 1.0, True),
    )

    def __init__(self) -> None:
        self._samples, self._hits, self._gains = 0, 0, ExactSum()

    def update(self, predictions: Sequence[Ordered], truths: Sequence[int]) -> None:
        """Count a batch.

        Raises:
            DataError: different lengths, or a chosen thing that was not among those put in order. Nothing of the batch
                has been counted then.
        """
        require_as_many(predictions, truths)
        places = [_place(one, truth) for one, truth in zip(predictions, truths, strict=True)]
        hits = [place for place in places if place <= TOP]
        self._samples += len(places)
        self._hits += len(hits)
        self._gains.add(1 / log2(place + 1) for place in hits)

    def compute(self) -> dict[str, float]:
        """{"hit_rate", "ndcg"}; DataError when nothing was counted."""
        if not self._samples:
            raise DataError("no sample was counted, so there is no hit rate. Is the data set empty?")
        return {"hit_rate": self._hits / self._samples, "ndcg": self._gains.value / self._samples}

    def state(self) -> dict[str, Any]:
        """Samples, hits, and the sum of gains."""
        return dict(zip(_COUNTS, (self._samples, self._hits, self._gains.state()), strict=True))

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        samples, hits, gains = (fields_of(state, _COUNTS, "a hit rate")[name] for name in _COUNTS)
        if not is_count(samples) or not is_count(hits) or hits > samples:
            raise foreign("a hit rate", state)
        more = ExactSum.of(gains, hits, 0, 1)
        self._samples += samples
        self._hits += hits
        self._gains.add(more.state())


def _place(one: Ordered, truth: int) -> int:
    """Where the truth stands, counted from 1."""
    own = np.flatnonzero(one.items == truth)
    if len(own) != 1:
        raise DataError(f"item {truth} is not among the {len(one.items)} that were put in order.")
    return int((one.keys >= one.keys[own[0]]).sum())
