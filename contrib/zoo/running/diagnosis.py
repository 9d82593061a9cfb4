"""What bounds a run: the engine alone, the host's cores, and how near the run came to the lower of the two."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from engine.base import Call
from zoo.running.network import Runner
from zoo.running.pipeline import Stages
from zoo_core.interrupts import Uninterrupted, wait_for
from zoo_core.machine import cores

# How long a batch is replayed: a tenth of the run, within these, and no longer than the run
_LEAST_SECONDS, _MOST_SECONDS = 0.2, 1.0


@dataclass(frozen=True)
class Diagnosis:
    """Samples a second: of the run, of the engine on ready batches (headroom), of the cores at full use (host_bound).

    cpu_ms: processor milliseconds a sample, by stage. On a CPU target, "network and rest" is mostly the network, which
    shares the cores, and the host bound holds for both together.
    """

    throughput: float
    headroom: float
    host_bound: float
    cores: int
    cpu_ms: dict[str, float]

    def bound(self) -> float:
        return min(self.headroom, self.host_bound)

    def efficiency(self) -> float:
        """Achieved over the lower bound."""
        return self.throughput / self.bound()

    def limit(self) -> str:
        """Which bound is the lower one, and the stage to blame."""
        if self.headroom <= self.host_bound:
            return "the engine"
        return f"the host's cores, most of it {max(self.cpu_ms, key=lambda stage: self.cpu_ms[stage])}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"bound": self.bound(), "efficiency": self.efficiency(), "limit": self.limit()}

    def lines(self) -> list[str]:
        """For people."""
        parts = ", ".join(f"{stage} {milliseconds:.3g} ms" for stage, milliseconds in self.cpu_ms.items())
        total = sum(self.cpu_ms.values())
        return [
            f"throughput {self.throughput:.4g} samples/s; headroom {self.headroom:.4g} (ready batches replayed); "
            f"host bound {self.host_bound:.4g} ({self.cores} cores / {total:.3g} ms of processor time a sample)",
            f"processor time a sample: {parts}",
            f"limited by {self.limit()}; efficiency {self.efficiency():.2f} of the bound",
        ]


def diagnose(engine: Runner, stages: Stages) -> Diagnosis | None:
    """Why a run was as fast as it was; replays one of its batches for a moment. None when nothing was run."""
    if not stages.samples or not stages.cpu:
        return None
    own = stages.preprocess_cpu + stages.postprocess_cpu
    seconds = {
        "preprocessing": stages.preprocess_cpu,
        "postprocessing": stages.postprocess_cpu,
        "network and rest": max(stages.cpu - own, 0.0),
    }
    return Diagnosis(
        throughput=stages.throughput(),
        headroom=headroom(engine, stages.ready, _replay_seconds(stages.end_to_end)),
        host_bound=cores() * stages.samples / stages.cpu,
        cores=cores(),
        cpu_ms={stage: total / stages.samples * 1e3 for stage, total in seconds.items()},
    )


def _replay_seconds(run: float) -> float:
    """What a person waits for the diagnosis of a run of so many seconds."""
    return min(max(run / 10, _LEAST_SECONDS), _MOST_SECONDS, run)


def headroom(engine: Runner, arrays: list[np.ndarray], seconds: float) -> float:
    """Samples a second that the engine does when a batch is always ready, over about `seconds`."""
    return replay(engine, arrays, seconds)[0]


def replay(engine: Runner, arrays: list[np.ndarray], seconds: float) -> tuple[float, list[float]]:
    """Run one batch again and again, always with another waiting: samples a second, and the seconds of each call."""
    pending: deque[Call] = deque()
    took: list[float] = []
    start = time.perf_counter()
    with Uninterrupted():
        while time.perf_counter() - start < seconds or not took or pending:
            while len(pending) <= engine.parallel and (time.perf_counter() - start < seconds or not took):
                pending.append(engine.submit(arrays))
            call = pending.popleft()
            wait_for([call])
            call.result()
            took.append(call.run_time)
    return len(arrays[0]) * len(took) / (time.perf_counter() - start), took
