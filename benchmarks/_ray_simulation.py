"""What becomes of a validation on many nodes: event after event, with times that were measured on this machine.

Nodes of one worker each begin, and count shards that one driver hands out and takes back, one after the other. Nodes
fail at random; what a node was counting is counted again by another one, and a new worker begins in its place.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass

from zoo.distributed.shards import per_shard


@dataclass(frozen=True)
class Measured:
    """Seconds, as ray_scaling.py measures them.

    Args:
        start: until a worker that is asked for can count: its process, its imports, its engine, its look at the data.
        batch: that each of many batches took, in the order in which they were counted.
        shard: more than its batches take: until the first batch is there, and the last one is back.
        driver: of the driver for a shard, in which it can do nothing else.
        notice: until the driver knows that a worker was killed.
    """

    start: Sequence[float]
    batch: Sequence[float]
    shard: float
    driver: float
    notice: float


@dataclass(frozen=True)
class Outcome:
    """seconds: of the whole. lost: that workers had counted for nothing. failures: of nodes."""

    seconds: float
    lost: float
    failures: int


def simulate(measured: Measured, nodes: int, batches: int, per: int, an_hour: float, seed: int) -> Outcome:
    """One validation.

    Args:
        measured: what everything takes.
        nodes: of one worker each.
        batches: of the data set.
        per: batches a shard.
        an_hour: failures of each node.
        seed: of what is drawn: times, and when a node fails.
    """
    draw = random.Random(seed)
    waiting = [min(per, batches - first) for first in range(0, batches, per)][::-1]
    left = len(waiting)
    # events: (when, number, worker fails, batches that it was counting, since when)
    events = [(draw.choice(measured.start), node, False, 0, 0.0) for node in range(nodes)]
    heapq.heapify(events)
    driver = now = lost = 0.0
    failures = 0
    idle: list[tuple[float, int]] = []
    while left:
        now, node, failed, counting, since = heapq.heappop(events)
        if failed:
            failures += 1
            lost += now - measured.notice - since
            waiting.append(counting)
            heapq.heappush(events, (now + draw.choice(measured.start), node, False, 0, 0.0))
        else:
            if counting:
                left -= 1
            idle.append((now, node))
        while idle and waiting:
            _, free = idle.pop()
            size = waiting.pop()
            driver = max(driver, now) + measured.driver  # it hands out one shard after the other
            took = measured.shard + sum(draw.choice(measured.batch) for _ in range(size))
            fails = draw.expovariate(an_hour / 3600) if an_hour else float("inf")
            if fails < took:
                heapq.heappush(events, (driver + fails + measured.notice, free, True, size, driver))
            else:
                heapq.heappush(events, (driver + took, free, False, size, driver))
    return Outcome(max(now, driver), lost, failures)


def efficiency(
    measured: Measured, nodes: int, batches: int, an_hour: float, per: int | None = None
) -> tuple[float, float]:
    """The median of what one machine without any of this would take, over nodes times what they take; and seconds."""
    alone = batches * sum(measured.batch) / len(measured.batch)
    runs = [
        simulate(measured, nodes, batches, per or per_shard(batches, nodes), an_hour, seed).seconds for seed in range(9)
    ]
    seconds = sorted(runs)[len(runs) // 2]
    return alone / seconds / nodes, seconds


def table(measured: Measured, sizes: Sequence[int], an_hour: float, batch_size: int) -> list[str]:
    """Lines of a table in Markdown: a row a number of nodes, a column a size of the data set (in samples)."""
    lines = [
        "| nodes | " + " | ".join(f"{size:,} samples" for size in sizes) + " |",
        "| ---: |" + " ---: |" * len(sizes),
    ]
    for nodes in (1, 2, 4, 8, 16, 32, 64):
        cells = []
        for size in sizes:
            share, seconds = efficiency(measured, nodes, size // batch_size, an_hour)
            cells.append(f"{share:.2f} ({seconds:,.0f} s)")
        lines.append(f"| {nodes} | " + " | ".join(cells) + " |")
    return lines
