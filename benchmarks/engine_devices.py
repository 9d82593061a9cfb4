"""What several devices bring: devices that only sleep, and two replicas on this machine's CPU.

Claim: with a device that only sleeps, 1, 2, 4 and 8 of them reach at least 95 % of linear. What two replicas bring on
a CPU depends on how well one session uses its cores, and is printed without a claim. Run: make bench, or
python benchmarks/engine_devices.py
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from _common import in_turns, load, machine
from engine import backends
from engine.backends.base import Availability, Backend, Options, Session
from engine.base import Engine
from engine.spec import TensorSpec
from zoo.exporting.export import ExportOptions, export

CLAIM = 0.95
SECONDS_A_ROW = 0.01
ROUNDS, CALLS = 7, 9
SETTLE = 0.2  # seconds


class Sleeper(Session):
    """A device that takes a fixed time for each row."""

    inputs = outputs = (TensorSpec("x", "float32", ("batch", 4)),)

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        time.sleep(SECONDS_A_ROW * len(arrays[0]))
        return [arrays[0]]


class SleepingBackend(Backend):
    """Target `sleep`, with as many devices as are asked for."""

    target = name = summary = "sleep"
    device_kind = "numbers"

    def availability(self) -> Availability:
        return Availability(True, "always")

    def open(self, ckpt: Path, options: Options) -> Session:
        return Sleeper()


def seconds(call: Callable[[], Any]) -> float:
    """Time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def sleeping() -> bool:
    """Print the scaling of sleeping devices; whether the claim holds."""
    backends.register(SleepingBackend())
    x = np.zeros((64, 4), np.float32)
    counts = (1, 2, 4, 8)
    engines = {count: Engine(__file__, target="sleep", devices=list(range(count))) for count in counts}
    times: dict[int, list[float]] = {count: [] for count in counts}
    for _ in range(ROUNDS):
        for count, engine in engines.items():
            times[count].append(seconds(lambda engine=engine: engine(x)))  # type: ignore[misc]
    for engine in engines.values():
        engine.release()
    one, held = statistics.median(times[1]), True
    for count in counts:
        speed_up = one / statistics.median(times[count])
        held = held and speed_up >= CLAIM * count
        print(f"{count} sleeping devices: {speed_up:.2f} times one ({speed_up / count:.1%} of linear)")
    return held


def rate(engine: Engine, x: np.ndarray) -> float:
    """Rows a second, of calls that another engine's threads do not disturb: those wait for work by spinning."""
    time.sleep(SETTLE)
    engine(x)
    taken = statistics.median(seconds(lambda: engine(x)) for _ in range(CALLS))
    return len(x) / taken


def replicas() -> None:
    """Print what two replicas with one thread each bring over one, and over one session with all cores."""
    with tempfile.TemporaryDirectory() as folder:
        path = export(load("classification/resnet").variant("resnet18"), Path(folder), ExportOptions("random")).dynamic
        x = np.random.default_rng(0).standard_normal((8, 3, 128, 128), np.float32)
        with (
            Engine(path, options={"threads": 1}) as one,
            Engine(path) as whole,
            Engine(path, replicas=2, options={"threads": 1}) as two,
        ):
            found = in_turns(
                ROUNDS,
                {
                    "one replica, one thread": partial(rate, one, x),
                    "one session, all cores": partial(rate, whole, x),
                    "two replicas, one thread each": partial(rate, two, x),
                },
            )
    found.show("images/s")
    for name in list(found.figures)[1:]:
        print(f"  {name}: {statistics.median(found.ratios(name, 'one replica, one thread')):.2f} times one thread")


def main() -> int:
    """1 if the claim does not hold."""
    machine()
    replicas()
    held = sleeping()
    print(f"claim: at least {CLAIM:.0%} of linear with devices that only sleep: {'holds' if held else 'DOES NOT HOLD'}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
