"""The method: warm up until stable, measure in windows, stop when enough was seen and the windows agree."""

from __future__ import annotations

import queue
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from engine.backends.base import Timings
from engine.base import Call, Engine
from zoo_core.interrupts import Uninterrupted

AGREE = 0.10  # windows agree when the largest is at most so much above the smallest
WINDOWS = 3
_SHORTEST_WINDOW = 0.05  # seconds
_PATIENCE = 5  # times the duration asked for, after which an unstable run ends


Ended = tuple[float, Timings]  # a call: its latency in seconds, and what the runtime told of it


class Measured(Protocol):
    """An engine, or what calls one."""

    @property
    def timings(self) -> Timings:
        """What the runtime told of the last call."""

    def __call__(self, arrays: list[np.ndarray], /) -> Any:
        """One call."""


@dataclass(frozen=True)
class Plan:
    """duration: seconds to measure, at least. iterations, warm_up: calls, at least. in_flight: calls at once."""

    duration: float = 5.0
    iterations: int = 100
    warm_up: int = 10
    in_flight: int = 1

    def window(self) -> float:
        """Seconds of one window."""
        return max(self.duration / 5, _SHORTEST_WINDOW)


@dataclass(frozen=True)
class Window:
    """Calls that ended within `seconds`, the latency of each in seconds, and what the runtime told of it."""

    seconds: float
    latencies: tuple[float, ...]
    timings: tuple[Timings, ...] = ()

    def rate(self) -> float:
        """Calls a second."""
        return len(self.latencies) / self.seconds

    def latency(self) -> float:
        """Mean seconds a call."""
        return sum(self.latencies) / len(self.latencies)


@dataclass
class Measurement:
    """Everything that was measured. warm_up: seconds and calls before that. stable: whether the windows agreed."""

    windows: list[Window] = field(default_factory=list)
    warm_up_seconds: float = 0.0
    warm_up_calls: int = 0
    warm_up_stable: bool = False
    stable: bool = False

    def seconds(self) -> float:
        return sum(window.seconds for window in self.windows)

    def latencies(self) -> list[float]:
        return [latency for window in self.windows for latency in window.latencies]

    def told(self, part: str) -> list[float]:
        """Seconds of one part of the calls, such as "compute", as far as the runtime tells."""
        values = (getattr(timings, part) for window in self.windows for timings in window.timings)
        return [value for value in values if value is not None]


def measure(engine: Measured, arrays: list[np.ndarray], plan: Plan) -> Measurement:
    """Run `engine` on `arrays` again and again, as `plan` says; what is no Engine itself takes one call at a time."""
    calls = _calls(engine, arrays, plan.in_flight)
    found = Measurement()
    warming: list[Window] = []
    while True:
        warming.append(_window(calls, plan.window()))
        found.warm_up_seconds += warming[-1].seconds
        found.warm_up_calls += len(warming[-1].latencies)
        found.warm_up_stable = agree(warming[-WINDOWS:])
        patient = found.warm_up_seconds < _PATIENCE * plan.duration
        if found.warm_up_calls >= plan.warm_up and (found.warm_up_stable or not patient):
            break
    count = 0
    while True:
        found.windows.append(_window(calls, plan.window()))
        count += len(found.windows[-1].latencies)
        found.stable = agree(found.windows[-WINDOWS:])
        enough = count >= plan.iterations and found.seconds() >= plan.duration
        if enough and (found.stable or found.seconds() >= _PATIENCE * plan.duration):
            calls.close()
            return found


def agree(windows: list[Window]) -> bool:
    """Whether there are three windows whose rates and latencies lie within 10 %."""
    if len(windows) < WINDOWS:
        return False
    pairs = [(window.rate(), window.latency()) for window in windows]
    return all(max(values) <= (1 + AGREE) * min(values) for values in zip(*pairs, strict=True))


def _window(calls: Generator[Ended, None, None], seconds: float) -> Window:
    """What ends within the next `seconds`: one call at least."""
    start = time.perf_counter()
    ended = [next(calls)]
    while time.perf_counter() - start < seconds:
        ended.append(next(calls))
    took = time.perf_counter() - start
    latencies, timings = zip(*ended, strict=True)
    return Window(took, latencies, timings)


def _calls(engine: Measured, arrays: list[np.ndarray], in_flight: int) -> Generator[Ended, None, None]:
    """One call after the other, as they end, with `in_flight` of them under way."""
    if in_flight == 1 or not isinstance(engine, Engine):
        while True:
            start = time.perf_counter()
            engine(arrays)
            yield time.perf_counter() - start, engine.timings
    ended: queue.SimpleQueue[tuple[Call, float]] = queue.SimpleQueue()

    under_way = 0
    try:
        while True:
            while under_way < in_flight:
                _submit(engine, arrays, ended)
                under_way += 1
            call, latency = ended.get()
            under_way -= 1
            call.result()
            yield latency, call.timings
    finally:
        for _ in range(under_way):
            ended.get()


def _submit(engine: Engine, arrays: list[np.ndarray], ended: queue.SimpleQueue[tuple[Call, float]]) -> None:
    """Start a call that reports its own end and latency."""
    start = time.perf_counter()
    with Uninterrupted():
        call = engine.submit(arrays)
        call.add_done_callback(lambda _: ended.put((call, time.perf_counter() - start)))
