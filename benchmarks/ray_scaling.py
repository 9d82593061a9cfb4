"""Validation on Ray: 1 and 2 workers of one core each on this machine, and 64 nodes by simulation.

Claim: 2 workers count at least 1.8 times what one does (0.9 of linear) on a device that sleeps. What is left of that
for MobileNetV3-small, which computes on the workers' own cores, is printed without a claim. Where others use the
machine, look at the idle cores. The simulation (`_ray_simulation.py`) takes what was measured here: what a batch and
a shard take, what a worker takes to begin, what driver and workers do for a sample and the driver for a shard, and when
it learns that a worker died.
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
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from _common import ROOT, claim, in_turns, load, machine, network, write_pictures
from _ray_simulation import Measured, Work, cuts, reasons, table
from engine.base import Engine
from zoo.accuracy.content import listed
from zoo.distributed.brief import Brief
from zoo.distributed.carried import Unpacking
from zoo.distributed.cluster import LOCAL, Cluster, Place, connected
from zoo.distributed.pool import STAFF_SECONDS, Pool
from zoo.distributed.shards import MOST_BATCHES, cut
from zoo.distributed.source import Carrying, Shards
from zoo.distributed.valid import Counting, counting
from zoo.running.padding import chunks
from zoo.running.pipeline import Stages, predictions
from zoo.running.setting import Setting

BATCH, BATCHES_A_SHARD, SHARDS, ROUNDS = 16, 4, 6, 5
SHORT, LONG = 8, 32  # batches of two kinds of shards, from which follows what a batch takes, and a shard beside it
SLEEP = 0.75  # of a batch: about what ResNet-50 takes on one core
MANY = 20 * 260  # pictures, to tell what looking at one takes
SIZES = (5_000, 50_000, 500_000)
FAILURES, BACK = 1.0, 300.0  # of each node, an hour; seconds until it is there again


@dataclass(frozen=True)
class First(Cluster):
    """The first `count` places of a cluster."""

    count: int = 1

    def places(self) -> list[Place]:
        return super().places()[: self.count]


@contextmanager
def opened(argument: tuple[str, str], place: Place) -> Iterator[tuple[None, Callable[[int], Any]]]:
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
    if ckpt:
        engine = Engine(ckpt=ckpt, batch_size=BATCH, streams=1, options={"threads": place.cores})
    else:
        engine = Engine.from_session(Slow(), "sleeping", "sleeping")

    def job(batches: int) -> dict[str, Any]:
        start = time.perf_counter()
        wanted = (samples * (batches * BATCH // len(samples) + 1))[: batches * BATCH]
        for _ in predictions(task, engine, wanted, BATCH, Stages(), workers=place.cores, processes=False):
            pass
        return {"samples": len(wanted), "seconds": time.perf_counter() - start, "pid": os.getpid()}

    with engine:
        job(1)  # warm
        yield None, job


def rate(cluster: Cluster, argument: tuple[str, str]) -> float:
    """Samples a second, from when all workers have counted one shard until the first one has nothing left."""
    count = len(cluster.places())
    workers: set[int] = set()
    ends: list[tuple[float, int]] = []
    with closing(Pool(cluster, opened, argument).each([BATCHES_A_SHARD] * (SHARDS * count + count))) as every:
        for done in every:
            workers.add(done.value["pid"])
            if len(workers) == count:
                ends.append((time.perf_counter(), done.value["samples"]))
    ends = ends[: len(ends) - count + 1]
    return sum(samples for _, samples in ends[1:]) / (ends[-1][0] - ends[0][0])


def shard_seconds(cluster: Cluster, argument: tuple[str, str], rounds: int = 5) -> tuple[list[float], float]:
    """What a batch takes, of each of several long shards; and what a shard takes beside its batches."""
    found: dict[int, list[float]] = defaultdict(list)
    jobs = [LONG, SHORT] * rounds
    start = None
    with closing(Pool(cluster, opened, argument).each(jobs)) as every:
        for done in every:
            now = time.perf_counter()
            if start is not None:  # the first one waits for the worker to begin
                found[jobs[done.number]].append(now - start)
            start = now
    short = statistics.median(found[SHORT])
    batches = [(long - short) / (LONG - SHORT) for long in found[LONG]]
    return batches, max(short - SHORT * statistics.median(batches), 0.0)


def driver_seconds(cluster: Cluster, shards: int = 400) -> float:
    """Of the driver for a shard that takes no time: handing it out, and taking back what was counted."""

    @contextmanager
    def nothing(argument: None, place: Place) -> Iterator[tuple[None, Callable[[int], dict[str, int]]]]:
        counts = {"samples": 1024, "top1": 800, "top5": 1000}
        yield None, lambda item: counts

    with closing(Pool(cluster, nothing, None).each([0] * shards)) as every:
        next(every)
        start = time.perf_counter()
        for _ in every:
            pass
        return (time.perf_counter() - start) / (shards - 1)


def source_of(cluster: Cluster, pictures: Path, per: int = MOST_BATCHES) -> Carrying:
    """The shards of pictures, as the driver of `zoo valid --ray` makes them."""
    task = load("classification/resnet").task
    samples = task.dataset(pictures)
    shards = Shards(samples, cut(list(chunks(task, samples, BATCH)), per), per)
    return Carrying(pictures, samples, shards, cluster.ray.put, None)


def sample_seconds(cluster: Cluster, pictures: Path, times: int = 3) -> dict[str, float]:
    """What is done for a sample: by the driver before the first shard and ahead of each, and by the worker."""
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(times):
        clock = [time.perf_counter()]
        source = source_of(cluster, pictures)
        clock.append(time.perf_counter())
        listed(pictures)  # as it will be done again
        clock.append(time.perf_counter())
        with source.reading():
            jobs = list(source.jobs())
            clock.append(time.perf_counter())
            node = Unpacking(pictures, "here")
            for job in jobs:
                with node.samples(job):
                    pass
            clock.append(time.perf_counter())
        own, listing, all_of_it, look = (end - start for start, end in pairwise(clock))
        for name, seconds in (("take", own + listing), ("ahead", all_of_it - listing), ("look", look)):
            found[name].append(max(seconds, 0.0) / MANY)
    return {name: statistics.median(every) for name, every in found.items()}


def starts(cluster: Cluster, pictures: Path, ckpt: str, batch: float, times: int = 5) -> list[float]:
    """Seconds until a worker of `zoo valid --ray` has counted its first batch, without that batch."""
    setting = Setting(load("classification/resnet").variant(), ckpt=Path(ckpt), target="onnx", batch_size=BATCH)
    told = Counting(Brief.of(setting), str(pictures))
    source = source_of(cluster, pictures, per=1)
    found = []
    with source.reading():
        job = source.jobs()[0]
        source.whole()
        for _ in range(times):
            start = time.perf_counter()
            with closing(Pool(cluster, counting, told, proof=source.proof).each([job])) as every:
                for _ in every:
                    found.append(max(time.perf_counter() - start - batch, 0.0))
    return found


class Watched(Pool):
    """A pool that notes when it learns that a worker ended."""

    noticed: list[float]

    def _lose(self, hand: Any, error: Exception) -> None:
        self.noticed.append(time.time())
        super()._lose(hand, error)


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
    pool.noticed = []
    with closing(pool.each(range(times))) as every:
        deaths = [float((folder / str(done.number)).read_text(encoding="utf-8")) for done in every]
    return [noticed - died for died, noticed in zip(sorted(deaths), pool.noticed, strict=True)]


def measured(cluster: Cluster, folder: Path, ckpt: str) -> Measured:
    """What the simulation needs, on one worker."""
    pictures = folder / "pictures"
    marks = folder / "marks"
    marks.mkdir()
    batches, shard = shard_seconds(cluster, (str(pictures), ckpt))
    batch = statistics.median(batches)
    samples = sample_seconds(cluster, write_pictures(folder / "many", MANY))
    return Measured(
        start=starts(cluster, pictures, ckpt, batch),
        take=samples["take"],
        ahead=samples["ahead"],
        look=samples["look"],
        batch=batches,
        shard=shard,
        driver=driver_seconds(cluster),
        notice=statistics.median(notices(cluster, marks)),
        again=STAFF_SECONDS,
    )


def show(found: Measured) -> None:
    """What was measured, and what follows for many nodes."""
    print(
        f"a worker begins in {statistics.median(found.start):.1f} s; for a sample the driver takes "
        f"{found.take * 1e6:.0f} µs before the first shard and {found.ahead * 1e6:.0f} µs beside, the worker "
        f"{found.look * 1e6:.0f} µs to compare; "
        f"a batch of {BATCH} takes {statistics.median(found.batch) * 1e3:.0f} ms (from {min(found.batch) * 1e3:.0f} to "
        f"{max(found.batch) * 1e3:.0f}), a shard {found.shard * 1e3:.0f} ms more, and the driver "
        f"{found.driver * 1e3:.1f} ms; it knows of a death after {found.notice:.2f} s"
    )
    works = [Work(size, BATCH) for size in SIZES]
    failing = [Work(size, BATCH, an_hour=FAILURES, back=BACK) for size in SIZES]
    print("\nno node fails: share of linear (seconds)\n", *table(found, works), sep="\n")
    print(f"\neach node fails {FAILURES:g} times an hour, for {BACK:g} s\n", *table(found, failing), sep="\n")
    for size in SIZES[1:]:
        print(f"\n64 nodes, {size:,} samples\n", *reasons(found, Work(size, BATCH), 64), sep="\n")
    work = Work(SIZES[-1], BATCH, an_hour=FAILURES, back=BACK)
    print("\nbatches a shard, 64 nodes that fail\n", *cuts(found, work, 64, (None, 1, 16, 64, 256)), sep="\n")


def main() -> int:
    """Print the medians, the ratios and the tables; 1 if the claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"of each job (default {ROUNDS})")
    parser.add_argument("--json", type=Path, help="write what was measured to this file")
    args = parser.parse_args()
    machine()
    good = True
    with tempfile.TemporaryDirectory() as name, connected(LOCAL, workers=2) as cluster:
        folder = Path(name)
        pictures = str(write_pictures(folder / "pictures"))
        ckpts = {"sleeping": "", "real": str(network("mobilenet_v3_small", folder)[1])}
        for kind, ckpt in ckpts.items():
            jobs = {
                f"{count} worker{'s' * (count > 1)}": partial(rate, First(cluster.ray, 2, "", count), (pictures, ckpt))
                for count in (1, 2)
            }
            found = in_turns(args.rounds, jobs)
            print("a device that sleeps" if kind == "sleeping" else "MobileNetV3-small on the workers' cores")
            found.show("samples/s")
            low = 0.9 if kind == "sleeping" else 0.0
            good &= claim(found, "2 workers", "1 worker", low=low, share=0.5, name="2 workers / (2 x one)")
        numbers = measured(First(cluster.ray, 2, "", 1), folder, ckpts["real"])
    show(numbers)
    if args.json:
        args.json.write_text(json.dumps(asdict(numbers)), encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
