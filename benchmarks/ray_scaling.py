"""Validation on Ray: 1 and 2 workers of one core each on this machine, and 64 nodes by simulation.

Claim: 2 workers count at least 1.8 times what one does (0.9 of linear) on a device that sleeps. What is left of that
for MobileNetV3-small, which computes on the workers' own cores, is printed without a claim. Where others use the
machine, look at the idle cores. The simulation (`_ray_simulation.py`) takes what was measured here: what a batch and
a shard take, what a worker takes to begin, what the driver does for a shard, and when it learns that a worker died.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from _common import ROOT, claim, in_turns, load, machine, network, write_pictures
from _ray_simulation import Measured, table
from engine.base import Engine
from zoo.distributed.cluster import LOCAL, Cluster, Place, connected
from zoo.distributed.pool import Pool
from zoo.running.pipeline import Stages, predictions

BATCH, BATCHES_A_SHARD, SHARDS, ROUNDS = 16, 4, 16, 5
SLEEP = 0.12  # of a batch: about four times what its preprocessing takes of a core
SIZES = (5_000, 50_000, 500_000)
FAILURES = 1.0  # of each node, an hour, in the second table


@dataclass(frozen=True)
class First(Cluster):
    """The first `count` places of a cluster."""

    count: int = 1

    def places(self) -> list[Place]:
        return super().places()[: self.count]


@contextmanager
def opened(argument: tuple[str, str], place: Place) -> Iterator[tuple[int, Callable[[int], Any]]]:
    """A worker: pictures through a network, or through a device that sleeps; a job is a number of batches."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    from sleeping_device import Sleeping

    class Slow(Sleeping):
        """As many milliseconds a batch as this benchmark wants."""

        def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
            time.sleep(SLEEP * len(arrays[0]) / BATCH)
            return [np.zeros((len(arrays[0]), 1000), np.float32)]

    pictures, ckpt = argument
    task = load("classification/resnet").task
    samples = list(task.dataset(Path(pictures)))
    engine = (
        Engine(ckpt=ckpt, batch_size=BATCH, streams=1, options={"threads": place.cores})
        if ckpt
        else Engine.from_session(Slow(), "sleeping", "sleeping")
    )

    def job(batches: int) -> dict[str, Any]:
        stages, ends = Stages(), [time.perf_counter()]
        wanted = (samples * (batches * BATCH // len(samples) + 1))[: batches * BATCH]
        for _ in predictions(task, engine, wanted, BATCH, stages, workers=place.cores, processes=False):
            ends.append(time.perf_counter())
        return {"samples": stages.samples, "ends": ends, "pid": os.getpid()}

    with engine:
        job(1)  # warm
        yield os.getpid(), job


class Steady:
    """A pool whose workers have begun; counts shards again and again."""

    def __init__(self, cluster: Cluster, argument: tuple[str, str], said: dict[str, list[Any]]):
        self._pool = Pool(cluster, opened, argument)
        self._said = said
        self._count = len(cluster.places())

    def rate(self) -> float:
        """Samples a second, from when all workers have counted one shard until the first one has nothing left."""
        workers: set[int] = set()
        ends: list[tuple[float, int]] = []
        with closing(self._pool.each([BATCHES_A_SHARD] * (SHARDS * self._count))) as every:
            for done in every:
                workers.add(done.value["pid"])
                steps = np.diff(done.value["ends"])
                self._said["batch"] += list(map(float, steps[1:]))
                self._said["first"].append(float(steps[0]))
                if len(workers) == self._count:
                    ends.append((time.perf_counter(), done.value["samples"]))
        ends = ends[: len(ends) - self._count + 1]
        return sum(samples for _, samples in ends[1:]) / (ends[-1][0] - ends[0][0])


def driver_seconds(cluster: Cluster, shards: int = 400) -> float:
    """Of the driver for a shard that takes no time: handing it out, and taking back what was counted."""

    @contextmanager
    def nothing(argument: object, place: Place) -> Iterator[tuple[None, Callable[[int], dict[str, int]]]]:
        counts = {"samples": 1024, "top1": 800, "top5": 1000}
        yield None, lambda item: counts

    with closing(Pool(cluster, nothing, None).each([0] * shards)) as every:
        next(every)
        start = time.perf_counter()
        for _ in every:
            pass
        return (time.perf_counter() - start) / (shards - 1)


class Watched(Pool):
    """A pool that notes when it learns that a worker ended."""

    def _lose(self, hand: Any, error: Exception) -> None:
        self.noticed.append(time.time())  # type: ignore[attr-defined]
        super()._lose(hand, error)


def starts(cluster: Cluster, argument: tuple[str, str], times: int = 5) -> list[float]:
    """Seconds until a worker has counted its first batch, without that batch."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        with closing(Pool(cluster, opened, argument).each([1])) as every:
            (done,) = every
        found.append(time.perf_counter() - start - done.value["ends"][-1] + done.value["ends"][0])
    return found


def notices(cluster: Cluster, folder: Path, times: int = 5) -> list[float]:
    """Seconds from the death of a worker until the driver knows of it."""

    @contextmanager
    def dying(argument: str, place: Place) -> Iterator[tuple[None, Callable[[int], None]]]:
        def job(number: int) -> None:
            mark = Path(argument) / f"{number}"
            if not mark.exists():
                mark.write_text(repr(time.time()), encoding="utf-8")
                os.kill(os.getpid(), signal.SIGKILL)

        yield None, job

    pool = Watched(cluster, dying, str(folder))
    pool.noticed = []  # type: ignore[attr-defined]
    with closing(pool.each(range(times))) as every:
        deaths = [float((folder / str(done.number)).read_text(encoding="utf-8")) for done in every]
    return [noticed - died for died, noticed in zip(sorted(deaths), pool.noticed, strict=True)]  # type: ignore[attr-defined]


def measured(cluster: Cluster, argument: tuple[str, str], steps: dict[str, list[float]], folder: Path) -> Measured:
    """What the simulation needs, on one worker."""
    batch = steps["batch"]
    return Measured(
        start=starts(cluster, argument),
        batch=batch,
        shard=max(statistics.median(steps["first"]) - statistics.median(batch), 0.0),
        driver=driver_seconds(cluster),
        notice=statistics.median(notices(cluster, folder)),
    )


def show(found: Measured) -> None:
    """What was measured, and what follows for many nodes."""
    print(
        f"a worker begins in {statistics.median(found.start):.1f} s, a batch of {BATCH} takes "
        f"{statistics.median(found.batch) * 1e3:.0f} ms, a shard {found.shard * 1e3:.0f} ms more, and the driver "
        f"{found.driver * 1e3:.1f} ms; it knows of a death after {found.notice:.1f} s"
    )
    for failures, title in ((0.0, "no node fails"), (FAILURES, f"each node fails {FAILURES:g} times an hour")):
        print(f"\n{title}: share of linear (seconds)\n")
        print("\n".join(table(found, SIZES, failures, BATCH)))


def main() -> int:
    """Print the medians, the ratios and the tables; 1 if the claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write what was measured to this file")
    args = parser.parse_args()
    machine()
    said: dict[str, dict[str, list[Any]]] = {kind: {"batch": [], "first": []} for kind in ("sleeping", "real")}
    with tempfile.TemporaryDirectory() as folder, connected(LOCAL, workers=2) as cluster:
        pictures = str(write_pictures(Path(folder) / "pictures"))
        ckpts = {"sleeping": "", "real": str(network("mobilenet_v3_small", Path(folder))[1])}
        good = True
        for kind, ckpt in ckpts.items():
            jobs = {
                f"{count} worker{'s' * (count > 1)}": Steady(
                    First(cluster.ray, 2, "", count), (pictures, ckpt), said[kind]
                ).rate
                for count in (1, 2)
            }
            found = in_turns(ROUNDS, jobs)
            print("a device that sleeps" if ckpt == "" else "MobileNetV3-small on the workers' cores")
            found.show("samples/s")
            low = 0.9 if ckpt == "" else 0.0
            good &= claim(found, "2 workers", "1 worker", low=low, share=0.5, name="2 workers / (2 x one)")
        alone = First(cluster.ray, 2, "", 1)
        marks = Path(folder) / "marks"
        marks.mkdir()
        numbers = measured(alone, (pictures, ckpts["real"]), said["real"], marks)
    show(numbers)
    if args.json:
        args.json.write_text(json.dumps(asdict(numbers)), encoding="utf-8")
    return 0 if good else 1
