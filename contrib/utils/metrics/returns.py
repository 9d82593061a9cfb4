"""The metric of reinforcement learning: the return of episodes."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite, sqrt
from typing import Any, Protocol

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import fields_of, foreign, is_count, is_number
from zoo_core.errors import DataError

_COUNTS = ("episodes", "mean", "squares", "least", "most")


class Played(Protocol):
    """What is counted: an episode with its return."""

    @property
    def total(self) -> float:
        """The return of the episode."""


class MeanReturn:
    """Mean (primary), its standard error, standard deviation, least and largest return over episodes; returns are not
    discounted.

    The deviation is that of the episodes counted (divided by their number). The standard error is that of a mean over
    as many other episodes: the deviation that these suggest for all of them (divided by their number less one) over
    the root of their number; of one episode there is none. Counts are joined without loss of
    precision (Chan et al., Updating Formulae and a Pairwise Algorithm for Computing Sample Variances, 1979).

    Args:
        low, high: the range of possible returns, for reports.
    """

    def __init__(self, low: float = -inf, high: float = inf) -> None:
        self.infos = (
            MetricInfo("mean_return", "reward", low, high, True),
            MetricInfo("standard_error", "reward", 0.0, high - low, False),
            MetricInfo("std_return", "reward", 0.0, high - low, False),
            MetricInfo("min_return", "reward", low, high, True),
            MetricInfo("max_return", "reward", low, high, True),
        )
        self._episodes, self._mean, self._squares = 0, 0.0, 0.0
        self._least, self._most = inf, -inf

    def update(self, predictions: Sequence[Played], truths: Sequence[Any]) -> None:
        """Count the returns of a batch of episodes; there is no truth to compare them with, `truths` are not read.

        Raises:
            DataError: different lengths, or a return that is not finite. Nothing of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        totals = [float(one.total) for one in predictions]
        if not all(map(isfinite, totals)):
            raise DataError("the return of an episode is NaN or infinite.")
        for total in totals:
            self._join(1, total, 0.0, total, total)

    def compute(self) -> dict[str, float]:
        """{"mean_return", "standard_error", "std_return", "min_return", "max_return"}, without "standard_error" for one
        episode; DataError when nothing was counted."""
        if not self._episodes:
            raise DataError("no episode was counted, so there is no return. Is the data set empty?")
        many = self._episodes > 1
        error = {"standard_error": sqrt(self._squares / (self._episodes - 1) / self._episodes)} if many else {}
        deviation = sqrt(self._squares / self._episodes)
        extremes = {"min_return": self._least, "max_return": self._most}
        return {"mean_return": self._mean, **error, "std_return": deviation, **extremes}

    def state(self) -> dict[str, Any]:
        """Number of episodes, mean, sum of squared distances from it, least and largest; the last two None for none."""
        some = bool(self._episodes)
        extremes = (self._least, self._most) if some else (None, None)
        return dict(zip(_COUNTS, (self._episodes, self._mean, self._squares, *extremes), strict=True))

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        fields = fields_of(state, _COUNTS, "a mean return")
        if not is_count(fields["episodes"]):
            raise foreign("a mean return", state)
        if not fields["episodes"]:
            if state != MeanReturn().state():
                raise foreign("a mean return", state)
            return
        low, high = self.infos[0].low, self.infos[0].high
        least, most = fields["least"], fields["most"]
        inside = is_number(least, low, high) and is_number(most, least, high) and is_number(fields["mean"], least, most)
        if not inside or not is_number(fields["squares"], 0, fields["episodes"] * (most - least) ** 2):
            raise foreign("a mean return", state)
        self._join(*(fields[name] for name in _COUNTS))

    def _join(self, episodes: int, mean: float, squares: float, least: float, most: float) -> None:
        both, apart = self._episodes + episodes, mean - self._mean
        self._squares += squares + apart**2 * self._episodes * episodes / both
        self._mean += apart * episodes / both
        self._episodes = both
        self._least, self._most = min(self._least, least), max(self._most, most)


def agreement(one: Played, other: Played) -> bool:
    """Whether two policies got the same return in an episode."""
    return one.total == other.total
