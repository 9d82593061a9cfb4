"""How long two settings of a network take, in turns."""

from __future__ import annotations

import statistics
import time

import numpy as np

from zoo.running.engines import open_runner
from zoo.running.network import Runner
from zoo.running.setting import Setting

_ROUNDS = 9


def milliseconds(before: Setting, after: Setting, arrays: list[np.ndarray]) -> tuple[float, float, float]:
    """The median time of a call of each, and the median of their ratios, before over after, round by round."""
    with open_runner(before.but(streams=1)) as one, open_runner(after.but(streams=1)) as other:
        for runner in (one, other):
            runner(arrays)
        pairs = [(_taken(one, arrays), _taken(other, arrays)) for _ in range(_ROUNDS)]
    ratio = statistics.median(first / second for first, second in pairs)
    return statistics.median(first for first, _ in pairs), statistics.median(second for _, second in pairs), ratio


def _taken(runner: Runner, arrays: list[np.ndarray]) -> float:
    start = time.perf_counter()
    runner(arrays)
    return (time.perf_counter() - start) * 1e3
