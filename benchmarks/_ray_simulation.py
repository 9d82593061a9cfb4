"""What becomes of a validation on many nodes: event after event, with times that were measured on one machine.

One driver asks for a worker on every node, and lists the data set while they begin. It packs the samples of a shard and
reads their files before it hands it out, ahead of the workers as far as it can; a worker compares the files with its
own and counts the shard, one after the other. Workers fail at random; what one was counting is counted again by another
one, and a new worker begins in its place.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from zoo.distributed.shards import per_shard

NODES = (1, 2, 4, 8, 16, 32, 64)
SEEDS = 9


@dataclass(frozen=True)
class Measured:
    """Seconds, as ray_scaling.py measures them.

    Args:
        start: each time that a worker began: process, imports, network.
        take: of the driver for a sample, before it packs the first shard: listing it.
        ahead: of the driver for a sample, beside what else it does: packing it, and reading its files.
        look: of a worker for each sample of its shards: reading its files to compare them.
        batch: of each of many shards, a batch.
        shard: more than its batches take: until the first batch is there, and the last one is back.
        driver: of the driver for a shard, in which it can do nothing else.
        notice: until the driver knows that a worker was killed.
        again: at most, until it then asks for another worker.
    """

    start: Sequence[float]
    take: float
    ahead: float
    look: float
    batch: Sequence[float]
    shard: float
    driver: float
    notice: float
    again: float


@dataclass(frozen=True)
class Work:
    """A data set, the batches that are counted at a time (None: as the zoo chooses), and what goes wrong.

    Args:
        samples, batch_size: of the data set.
        per: batches a shard.
        an_hour: failures of each node.
        back: seconds until a node that failed is there again.
    """

    samples: int
    batch_size: int
    per: int | None = None
    an_hour: float = 0.0
    back: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Args:
        seconds: of the whole.
        shards: how often each was counted.
        lost: seconds that workers counted for nothing.
        failures: of nodes.
    """

    seconds: float
    shards: Sequence[int]
    lost: float
    failures: int


@dataclass(order=True)
class _Event:
    """What the driver hears of a node, and when. shard: that it was counting; None: its worker was beginning."""

    when: float
    node: int
    failed: bool
    shard: int | None


class _Run:
    """One validation, under way."""

    def __init__(self, measured: Measured, work: Work, nodes: int, seed: int):
        self._measured, self._work = measured, work
        batches = -(-work.samples // work.batch_size)
        per = work.per or per_shard(batches, nodes)
        self._sizes = [min(per, batches - first) for first in range(0, batches, per)]
        self._waiting = list(range(len(self._sizes)))
        self._counted = [0] * len(self._sizes)
        self._draw = random.Random(seed)
        self._events: list[_Event] = []
        self._idle: list[int] = []
        self._lost, self._failures = 0.0, 0
        self._driver = measured.take * work.samples  # the time until which it is busy
        a_batch = measured.ahead * work.batch_size
        self._ready = [self._driver + a_batch * batches for batches in accumulate(self._sizes)]
        for node in range(nodes):
            self._begin(node, 0.0)

    def outcome(self) -> Outcome:
        """Until every shard is counted."""
        left = len(self._sizes)
        now = self._driver
        while left:
            event = heapq.heappop(self._events)
            now = event.when
            if event.failed:
                self._fail(event)
            else:
                if event.shard is not None:
                    self._counted[event.shard] += 1
                    left -= 1
                self._idle.append(event.node)
            while self._idle and self._waiting:
                self._hand_out(self._idle.pop(0), now)
        return Outcome(max(now, self._driver), self._counted, self._lost, self._failures)

    def _begin(self, node: int, at: float) -> None:
        self._plan(node, at, self._draw.choice(self._measured.start), None)

    def _hand_out(self, node: int, now: float) -> None:
        """The first shard that waits; the driver hands out one after the other."""
        shard = heapq.heappop(self._waiting)
        self._driver = max(self._driver, now, self._ready[shard]) + self._measured.driver
        batch = self._draw.choice(self._measured.batch) + self._measured.look * self._work.batch_size
        took = self._measured.shard + batch * self._sizes[shard]
        self._plan(node, self._driver, took, shard)

    def _plan(self, node: int, at: float, took: float, shard: int | None) -> None:
        """What will be heard: that the node has done it, or that it has failed meanwhile."""
        fails = self._draw.expovariate(self._work.an_hour / 3600) if self._work.an_hour else took
        if fails >= took:
            heapq.heappush(self._events, _Event(at + took, node, False, shard))
            return
        self._lost += fails if shard is not None else 0.0
        heapq.heappush(self._events, _Event(at + fails + self._measured.notice, node, True, shard))

    def _fail(self, event: _Event) -> None:
        """What the node was counting waits again; another worker begins when the node is back."""
        self._failures += 1
        if event.shard is not None:
            heapq.heappush(self._waiting, event.shard)
        self._begin(event.node, event.when + max(self._draw.uniform(0, self._measured.again), self._work.back))


def simulate(measured: Measured, work: Work, nodes: int, seed: int = 0) -> Outcome:
    """One validation on nodes of one worker each; `seed` draws the times, and when a node fails."""
    return _Run(measured, work, nodes, seed).outcome()


def share_of_linear(measured: Measured, work: Work, nodes: int) -> tuple[float, float]:
    """What batches alone take on one node, over nodes times what the whole takes on them; and that, in seconds.

    The median of nine runs.
    """
    batches = -(-work.samples // work.batch_size)
    alone = batches * sum(measured.batch) / len(measured.batch)
    seconds = sorted(simulate(measured, work, nodes, seed).seconds for seed in range(SEEDS))[SEEDS // 2]
    return alone / seconds / nodes, seconds


def table(measured: Measured, works: Sequence[Work]) -> list[str]:
    """Lines of a table in Markdown: a row a number of nodes, a column a piece of work."""
    lines = [
        "| nodes | " + " | ".join(f"{work.samples:,} samples" for work in works) + " |",
        "| ---: |" + " ---: |" * len(works),
    ]
    for nodes in NODES:
        cells = [share_of_linear(measured, work, nodes) for work in works]
        lines.append(f"| {nodes} | " + " | ".join(f"{share:.2f} ({seconds:,.0f} s)" for share, seconds in cells) + " |")
    return lines


def reasons(measured: Measured, work: Work, nodes: int) -> list[str]:
    """The share of linear as it is, and where one thing at a time took nothing."""
    mean = sum(measured.batch) / len(measured.batch)
    without = {
        "as measured": measured,
        "a worker begins at once": replace(measured, start=[0.0]),
        "the driver has listed the data set at once": replace(measured, take=0.0),
        "the driver packs and reads in no time": replace(measured, ahead=0.0),
        "a worker compares nothing": replace(measured, look=0.0),
        "a shard takes no more than its batches": replace(measured, shard=0.0),
        "the driver takes no time": replace(measured, driver=0.0),
        "all batches take equally long": replace(measured, batch=[mean]),
    }
    return [f"| {name} | {share_of_linear(one, work, nodes)[0]:.2f} |" for name, one in without.items()]


def cuts(measured: Measured, work: Work, nodes: int, sizes: Sequence[int | None]) -> list[str]:
    """The share of linear with shards of so many batches (None: as the zoo chooses), and what failures waste."""
    lines = []
    for per in sizes:
        cut = replace(work, per=per)
        runs = [simulate(measured, cut, nodes, seed) for seed in range(SEEDS)]
        lost = sum(run.lost for run in runs) / len(runs)
        share, seconds = share_of_linear(measured, cut, nodes)
        lines.append(f"| {per or 'as the zoo chooses'} | {share:.2f} ({seconds:,.0f} s) | {lost:,.0f} s |")
    return lines
