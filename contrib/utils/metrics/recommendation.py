"""The metrics of recommendations: where the things that were chosen stand among those that were not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import log2
from typing import Any, Protocol

import numpy as np

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import fields_of, foreign, is_count
from utils.metrics.exact import ExactSum
from zoo_core.errors import DataError

TOP, DEEP = 10, 20
_COUNTS = ("samples", "hits", "gains")
_SUMS = ("samples", "recalls", "gains")


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


class TopItems:
    """recall_at_20 (primary): how many of a person's things are among the twenty best; ndcg_at_20: 1 / log2(place + 1)
    of those, divided by the best that so many things could have. Both are means over persons, as the authors of
    LightGCN have them; NGCF divides by the best order of what was found, which gives more. Of things with one score,
    those that were chosen are the last."""

    infos = (
        MetricInfo(f"recall_at_{DEEP}", "fraction", 0.0, 1.0, True),
        MetricInfo(f"ndcg_at_{DEEP}", "fraction", 0.0, 1.0, True),
    )

    def __init__(self) -> None:
        self._samples, self._recalls, self._gains = 0, ExactSum(), ExactSum()

    def update(self, predictions: Sequence[Ordered], truths: Sequence[Collection[int]]) -> None:
        """Count a batch: of each person all things in an order, and those that were chosen.

        Raises:
            DataError: different lengths, a person without a chosen thing, or with one that was not among those put in
                order. Nothing of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        figures = [top_figures(one, truth) for one, truth in zip(predictions, truths, strict=True)]
        self._samples += len(figures)
        self._recalls.add(recall for recall, _ in figures)
        self._gains.add(gain for _, gain in figures)

    def compute(self) -> dict[str, float]:
        """{"recall_at_20", "ndcg_at_20"}; DataError when nothing was counted."""
        if not self._samples:
            raise DataError("no person was counted, so there is no recall. Is the data set empty?")
        sums = (self._recalls.value, self._gains.value)
        return {info.name: total / self._samples for info, total in zip(self.infos, sums, strict=True)}

    def state(self) -> dict[str, Any]:
        """Persons, and the sums of both."""
        return dict(zip(_SUMS, (self._samples, self._recalls.state(), self._gains.state()), strict=True))

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        samples, recalls, gains = (fields_of(state, _SUMS, "a recall")[name] for name in _SUMS)
        if not is_count(samples):
            raise foreign("a recall", state)
        more = [ExactSum.of(one, samples, 0, 1) for one in (recalls, gains)]
        self._samples += samples
        self._recalls.add(more[0].state())
        self._gains.add(more[1].state())


def top_figures(one: Ordered, truth: Collection[int]) -> tuple[float, float]:
    """(recall, nDCG) at 20 of a person.

    Args:
        one: things and what they are put in order by.
        truth: different things, those that were chosen.

    Raises:
        DataError: none was chosen, or one that is not among the things.
    """
    chosen = np.isin(one.items, list(truth))
    if not truth or chosen.sum() != len(truth):
        missing = sorted(set(truth) - set(one.items.tolist()))
        what = f"item {missing[0]} is not among the {len(one.items)} that were put in order" if truth else "no truth"
        raise DataError(f"{what}: nothing can be counted of this person.")
    best = chosen[np.lexsort((chosen, -one.keys))][:DEEP]
    worth = 1 / np.log2(np.arange(2, DEEP + 2))
    return float(best.sum() / len(truth)), float(worth[: len(best)][best].sum() / worth[: len(truth)].sum())


def _place(one: Ordered, truth: int) -> int:
    """Where the truth stands, counted from 1."""
    own = np.flatnonzero(one.items == truth)
    if len(own) != 1:
        raise DataError(f"item {truth} is not among the {len(one.items)} that were put in order.")
    return int((one.keys >= one.keys[own[0]]).sum())
