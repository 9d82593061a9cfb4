"""`zoo tune MODEL`: which batch size, streams, threads and dtype to use, among those that are accurate enough."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from engine import backends
from zoo.accuracy.verify import Verification, spread, verify
from zoo.commands import console, flags
from zoo.errors import CheckFailedError
from zoo.exporting.export import sizes
from zoo.model import Model
from zoo.running.diagnosis import replay
from zoo.running.padding import Fixed, fixed_sizes
from zoo.running.pipeline import batches
from zoo_core.machine import cores

_BATCHES = (1, 4, 16, 64)


@dataclass(frozen=True)
class Point:
    """One setting and what it does: samples a second, and the median milliseconds of a call.

    threads: of each stream; None where the target takes no number of them.
    """

    dtype: str
    batch_size: int
    streams: int
    threads: int | None
    throughput: float
    latency_ms: float

    def beaten_by(self, other: Point) -> bool:
        """Whether `other` is as good in both figures and better in one."""
        as_good = other.throughput >= self.throughput and other.latency_ms <= self.latency_ms
        return as_good and (other.throughput > self.throughput or other.latency_ms < self.latency_ms)


def pareto(points: Sequence[Point]) -> list[Point]:
    """The points that no other beats, quickest answer first."""
    best = [one for one in points if not any(one.beaten_by(other) for other in points)]
    return sorted(best, key=lambda point: point.latency_ms)


def accepted(done: Verification, target: str, dtypes: Sequence[str]) -> list[str]:
    """Those of `dtypes` whose exported file passed the acceptance standard on the target."""
    first, *others = done.comparisons
    passed = {comparison.contender.dtype for comparison in others if comparison.passed()}
    if target == "onnx" and first.passed():
        passed.add("float32")  # there, the target is the baseline itself
    return [dtype for dtype in dtypes if dtype in passed]


def stream_counts(limit: int) -> list[int]:
    """1, 2, 4, … up to `limit` cores."""
    return [1 << power for power in range(limit.bit_length())]


def thread_counts(share: int) -> list[int]:
    """1, 2, 4, … and the whole `share` of the cores that a stream has: with fewer, some are left to preprocessing."""
    return [*(count for count in stream_counts(share) if count < share), share]


def main(model: Model, argv: list[str] | None = None) -> int:
    """Verify, measure, and print the Pareto table with the command for each point."""
    parser = argparse.ArgumentParser(
        prog=f"zoo tune {model.id}",
        description="Search batch size, streams, threads and dtype; print the best of the settings that are accurate.",
    )
    parser.add_argument("--variant")
    parser.add_argument("--folder", type=Path, default=model.folder, help="where the exported files are")
    parser.add_argument("--target", default="onnx")
    parser.add_argument("--dtype", choices=flags.DTYPES, action="append", help="may be given several times")
    parser.add_argument(
        "--batch", type=flags.positive, action="append", help=f"may be given several times ({_BATCHES})"
    )
    parser.add_argument("--input_size", type=flags.positive)
    parser.add_argument("--data_path", default="sample", help="what the accuracy is checked on (default: the sample)")
    parser.add_argument("--limit", type=flags.positive, default=256, help="at most so many samples for that")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each setting (default 1)")
    parser.add_argument("--json", type=Path, help="write every point to this file")
    return console.run(lambda args: _tune(model.as_variant(args.variant), args), parser.parse_args(argv))


def _tune(model: Model, args: argparse.Namespace) -> int:
    variant = model.variant(args.variant)
    asked = args.dtype or flags.exported_dtypes(args.folder, variant, args.target)
    done = verify(
        model,
        args.folder,
        variant=variant,
        target=args.target,
        dtypes=asked,
        data=args.data_path,
        input_size=args.input_size,
        limit=args.limit,
    )
    dtypes = accepted(done, args.target, asked)
    for dtype in asked:
        if dtype not in dtypes:
            print(f"{args.target} {dtype} does not pass the acceptance standard, and is left out")
    if not dtypes:
        raise CheckFailedError(f"no dtype of {model.id} passes on {args.target}; see `zoo verify {model.id}`")
    settings = [(dtype, batch) for dtype in dtypes for batch in args.batch or _BATCHES]
    points: list[Point] = []
    for dtype, batch in console.progress(settings, len(settings), "measuring", "setting"):
        points += _points(model, args, variant, dtype, batch)
    best = pareto(points)
    console.table(
        f"{model.id} ({variant}) on {args.target}: the best of {len(points)} settings",
        ("dtype", ">batch", ">streams", ">threads", ">samples/s", ">p50 ms", "command"),
        [_row(model, args, variant, point) for point in best],
    )
    if args.json:
        every = [asdict(point) | {"best": point in best} for point in points]
        console.write_json(args.json, {"model": model.id, "variant": variant, "target": args.target, "points": every})
    return console.OK


def _points(model: Model, args: argparse.Namespace, variant: str, dtype: str, batch: int) -> Iterator[Point]:
    """Every number of streams that the target makes use of, and of threads that each of them can have."""
    ckpt = flags.exported_file(model, args.folder, variant, dtype, args.target)
    takes_threads = backends.find(args.target).takes_threads
    for streams in stream_counts(cores()):
        for threads in thread_counts(cores() // streams) if takes_threads else (None,):
            with flags.target_engine(
                model, ckpt, args.target, dtype, batch, args.input_size, streams=streams, threads=threads
            ) as engine:
                if streams > engine.parallel:
                    return
                arrays = _ready_batch(model, args, batch, fixed_sizes([engine]))
                engine(arrays)
                throughput, seconds = replay(engine, arrays, args.seconds)
            yield Point(dtype, batch, streams, threads, throughput, statistics.median(seconds) * 1e3)


def _ready_batch(model: Model, args: argparse.Namespace, batch: int, fixed: Fixed) -> list[np.ndarray]:
    """Real samples, as many as there are, again and again."""
    sizes(model, args.input_size)
    task = model.task.adapted(args.input_size, topk=1)
    samples = spread(task.dataset(model.data(args.data_path)), batch)
    filled = [samples[index % len(samples)] for index in range(batch)]
    return next(batches(task, filled, batch, fixed=fixed)).arrays


def _row(model: Model, args: argparse.Namespace, variant: str, point: Point) -> list[str]:
    command = f"zoo valid {model.id} --variant {variant} --target {args.target} --dtype {point.dtype}"
    command += f" --batch_size {point.batch_size} --streams {point.streams}"
    command += f" --threads {point.threads}" if point.threads else ""
    command += f" --input_size {args.input_size}" if args.input_size else ""
    if args.folder != model.folder:
        command += f" --ckpt {flags.exported_file(model, args.folder, variant, point.dtype, args.target)}"
    figures = [str(point.batch_size), str(point.streams), str(point.threads or "-")]
    return [point.dtype, *figures, f"{point.throughput:.4g}", f"{point.latency_ms:.4g}", command]
