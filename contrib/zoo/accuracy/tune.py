"""Tuning: which batch size, streams, threads and dtype to use, among those that are accurate enough."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine import backends
from zoo.progress import progress
from zoo.running.diagnosis import replay
from zoo.running.engines import open_runner
from zoo.running.padding import Fixed, fixed_sizes
from zoo.running.pipeline import batches
from zoo.running.setting import Setting, dataset_of
from zoo_core.machine import cores

from .comparison import Comparison, Verification
from .verify import VerifyOptions, spread, verify

BATCHES = (1, 4, 16, 64)
Tried = tuple[str, int, str | None]  # dtype, batch size, and level of graph optimisation


@dataclass(frozen=True)
class Point:
    """One setting and what it does: samples a second, and the median milliseconds of a call.

    threads: of each stream; None where the target takes no number of them.
    graph: how far the runtime rewrites the graph; None stands for its own choice.
    export: the folder of another export than the first, such as a pruned one; "" stands for the first.
    accuracy: the metric, with a minus where a lower one is better; the same for all points where it says nothing.
    bytes: of the files.
    """

    dtype: str
    batch_size: int
    streams: int
    threads: int | None
    throughput: float
    latency_ms: float
    graph: str | None = None
    export: str = ""
    accuracy: float = 0.0
    bytes: int = 0

    def beaten_by(self, other: Point) -> bool:
        """Whether `other` is as good in everything that counts and better in something."""
        own, others = self._qualities(), other._qualities()
        return others != own and all(one >= mine for one, mine in zip(others, own, strict=True))

    def _qualities(self) -> tuple[float, ...]:
        """What counts; more of each is better."""
        return self.throughput, -self.latency_ms, self.accuracy, -self.bytes


# Gives the points of each dtype, batch size and level, in their order
Measure = Callable[[Sequence[Tried]], Iterable[list[Point]]]


@dataclass(frozen=True)
class Tuned:
    """The points that were measured, the best of them, and the dtypes that do not pass the acceptance standard.

    comparisons: what said so of each dtype, those that were refused too.
    """

    points: list[Point]
    best: list[Point]
    refused: list[str]
    comparisons: dict[str, Comparison]


def tune(
    setting: Setting,
    dtypes: Sequence[str] | None,
    batch_sizes: Sequence[int],
    data: str | Path,
    limit: int,
    seconds: float,
    graphs: Sequence[str | None] = (None,),
    measure: Measure | None = None,
) -> Tuned:
    """Verify, then measure every setting of those dtypes that pass.

    Args:
        dtypes: None stands for all that the export has for the target.
        batch_sizes: to try.
        data, limit: what the accuracy is checked on, and on how many samples of it.
        seconds: to measure each setting.
        graphs: levels of graph optimisation to try; None is the target's own choice.
        measure: measures elsewhere than here.
    """
    asked = list(dtypes or setting.dtypes())
    done = verify(setting, VerifyOptions(asked, data, limit))
    dtypes = accepted(done, setting.target, asked)
    tried = [(dtype, batch, graph) for dtype in dtypes for batch in batch_sizes for graph in graphs]
    found = measure(tried) if measure else (measured(setting, one, data, seconds) for one in tried)
    comparisons = judged(done, setting.target)
    costs = {dtype: _costs(setting.but(dtype=dtype), comparisons[dtype]) for dtype in dtypes}
    points = [
        replace(point, **costs[point.dtype])
        for some in progress(found, len(tried), "measuring", "setting")
        for point in some
    ]
    refused = [dtype for dtype in asked if dtype not in dtypes]
    return Tuned(points, pareto(points), refused, comparisons)


def _costs(setting: Setting, said: Comparison) -> dict[str, Any]:
    """The fields of a point that are the same for all settings of a dtype."""
    info = said.contender.metric.infos[0]
    figure = said.contender.figures()[info.name]
    accuracy = 0.0 if math.isnan(figure) else figure if info.higher_is_better else -figure
    return {"accuracy": accuracy, "bytes": sum(path.stat().st_size for path in setting.files())}


def measured(setting: Setting, tried: Tried, data: str | Path, seconds: float) -> list[Point]:
    """The points of one dtype, batch size and level of graph optimisation: every number of streams and threads."""
    dtype, batch, graph = tried
    return list(_points(setting.but(dtype=dtype, batch_size=batch, graph=graph), data, seconds))


def pareto(points: Sequence[Point]) -> list[Point]:
    """The points that no other beats, quickest answer first."""
    best = [one for one in points if not any(one.beaten_by(other) for other in points)]
    return sorted(best, key=lambda point: point.latency_ms)


def judged(done: Verification, target: str) -> dict[str, Comparison]:
    """By dtype, what decides of it on the target."""
    first, *others = done.comparisons
    own = {"float32": first} if target == "onnx" else {}  # there, the target is the baseline itself
    return own | {comparison.contender.dtype: comparison for comparison in others}


def accepted(done: Verification, target: str, dtypes: Sequence[str]) -> list[str]:
    """Those of `dtypes` whose exported file passed the acceptance standard on the target."""
    found = judged(done, target)
    return [dtype for dtype in dtypes if dtype in found and found[dtype].passed()]


def stream_counts(limit: int) -> list[int]:
    """1, 2, 4, … up to `limit` cores."""
    return [1 << power for power in range(limit.bit_length())]


def thread_counts(share: int) -> list[int]:
    """1, 2, 4, … and the whole `share` of the cores that a stream has: with fewer, some are left to preprocessing."""
    return [*(count for count in stream_counts(share) if count < share), share]


def _points(setting: Setting, data: str | Path, seconds: float) -> Iterator[Point]:
    """Every number of streams that the target makes use of, and of threads that each of them can have."""
    takes_threads = backends.find(setting.target).takes_threads
    for streams in stream_counts(cores()):
        for threads in thread_counts(cores() // streams) if takes_threads else (None,):
            with open_runner(setting.but(streams=streams, threads=threads)) as engine:
                if streams > engine.parallel:
                    return
                arrays = _ready_batch(setting, data, fixed_sizes([engine]))
                engine(arrays)
                throughput, taken = replay(engine, arrays, seconds)
            milliseconds = statistics.median(taken) * 1e3
            yield Point(setting.dtype, setting.batch_size, streams, threads, throughput, milliseconds, setting.graph)


def _ready_batch(setting: Setting, data: str | Path, fixed: Fixed) -> list[np.ndarray]:
    """Real samples, as many as there are, again and again."""
    task, rows = setting.task(), setting.batch_size
    samples = spread(dataset_of(setting, data), rows)
    filled = [samples[index % len(samples)] for index in range(rows)]
    return next(batches(task, filled, rows, fixed=fixed, timeout=setting.timeout)).arrays
