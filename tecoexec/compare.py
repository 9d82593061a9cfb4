"""Two settings in turns: whether one is faster, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .measure import Measurement, Plan, measure
from .single import Setting, in_flight, open_engine

ROUNDS = 12
_RESAMPLES = 4000


@dataclass(frozen=True)
class Comparison:
    """Throughput of the new setting over the baseline's, a round each, with the 95 % interval of the mean ratio."""

    ratios: list[float]
    ratio: float
    low: float
    high: float

    def verdict(self) -> str:
        """'no difference' when the interval holds 1."""
        if self.low <= 1 <= self.high:
            return "no difference"
        return "faster" if self.low > 1 else "slower"

    def to_json(self) -> dict[str, Any]:
        return vars(self) | {"verdict": self.verdict()}

    def line(self) -> str:
        return (
            f"against the baseline: {self.verdict()}; throughput x {self.ratio:.3f}, "
            f"95 % interval {self.low:.3f} to {self.high:.3f}, {len(self.ratios)} rounds in turns"
        )


def compare(baseline: Setting, new: Setting, batch: int, duration: float) -> Comparison:
    """Measure both in turns, in this process; who begins changes with the round."""
    settings = (baseline, new)
    opened = [open_engine(setting, batch) for setting in settings]
    ratios = []
    try:
        for number in range(ROUNDS):
            rates = [0.0, 0.0]
            for which in (0, 1) if number % 2 == 0 else (1, 0):
                engine, arrays = opened[which]
                plan = Plan(duration / ROUNDS, iterations=3, warm_up=2, in_flight=in_flight(settings[which], engine))
                rates[which] = _rate(measure(engine, arrays, plan))
            ratios.append(rates[1] / rates[0])
    finally:
        for engine, _ in opened:
            engine.release()
    return interval(ratios)


def _rate(found: Measurement) -> float:
    return len(found.latencies()) / found.seconds()


def interval(ratios: list[float]) -> Comparison:
    """The geometric mean of the ratios and its 95 % interval by resampling, from a fixed seed."""
    logs = np.log(ratios)
    picks = np.random.default_rng(0).integers(0, len(logs), (_RESAMPLES, len(logs)))
    low, high = np.percentile(logs[picks].mean(axis=1), [2.5, 97.5])
    return Comparison(ratios, float(np.exp(logs.mean())), float(np.exp(low)), float(np.exp(high)))
