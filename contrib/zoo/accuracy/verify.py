"""Verification: the adaptation guide's acceptance standard, on the same tensors for every runtime."""

from __future__ import annotations

import argparse
import heapq
import math
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.base import Engine, OptionError, TargetUnavailableError
from utils.datasets.sample import Sample
from utils.metrics.base import Metric
from zoo import frameworks
from zoo.accuracy import targets
from zoo.commands import console, flags
from zoo.commands.env import provenance
from zoo.difference import TOLERANCE, Difference, Spread, as_list, outputs_difference
from zoo.errors import CheckFailedError, ZooError
from zoo.manifest import read_manifest
from zoo.model import Model, file_name
from zoo.running.padding import arranged, fixed_sizes
from zoo.running.pipeline import Batch, batches
from zoo.task import Task
from zoo_core.errors import DataError

# The guide: ONNX Runtime within 1 % of the framework, a target within 0.1 % of ONNX Runtime, relative, in the metric.
# A quantised network is another one by intention, whatever runs it: it has to be within 1 % of the framework.
FRAMEWORK_LIMIT = 0.01
TARGET_LIMIT = 0.001
_WORST = 5
_ENOUGH_FOR_AN_EXCEPTION = 20
_SHORT_CALLS, _SHORT_SECONDS = 3, 0.05
_P99_CALLS = 662


@dataclass
class Contender:
    """One runtime and dtype, with what has been counted of it so far.

    memory: bytes by which the process grew while it was opened and while it was called for the first time.
    """

    runtime: str
    dtype: str
    engine: Engine
    metric: Metric
    memory: int = 0
    seconds: list[float] = field(default_factory=list)
    rows: int = 0

    @property
    def name(self) -> str:
        return f"{self.runtime} {self.dtype}"

    def figures(self) -> dict[str, float]:
        """NaN where the samples give no figure: a few may be of one class only."""
        try:
            return self.metric.compute()
        except DataError:
            return {info.name: math.nan for info in self.metric.infos}


@dataclass
class Comparison:
    """A contender against its baseline, sample by sample.

    random: the weights are, so that the metric says nothing, and the outputs themselves have to be near.
    """

    baseline: Contender
    contender: Contender
    limit: float
    random: bool = False
    agreeing: int = 0
    samples: int = 0
    differences: list[Difference] = field(default_factory=list)
    worst: list[tuple[float, str]] = field(default_factory=list)

    def add(
        self,
        task: Task,
        batch: Sequence[Sample],
        before: tuple[list[np.ndarray], list[Any]],
        after: tuple[list[np.ndarray], list[Any]],
    ) -> None:
        """Count one batch: (outputs, predictions) of the baseline and of the contender."""
        self.samples += len(batch)
        self.agreeing += sum(task.agreement(one, other) for one, other in zip(before[1], after[1], strict=True))
        self.differences.append(outputs_difference(before[0], after[0]))
        scales = [float(np.abs(output).max()) or 1.0 for output in before[0]]
        for row, sample in enumerate(batch):
            pairs = zip(before[0], after[0], scales, strict=True)
            apart = max(
                float(np.abs(one[row].astype(np.float64) - other[row]).max()) / scale for one, other, scale in pairs
            )
            heapq.heappush(self.worst, (apart, sample.id))
            if len(self.worst) > _WORST:
                heapq.heappop(self.worst)

    def relative_error(self) -> float:
        """Of the primary metric."""
        name = self.baseline.metric.infos[0].name
        before, after = self.baseline.figures()[name], self.contender.figures()[name]
        return abs(after - before) / abs(before) if before else abs(after - before)

    def allowed_disagreements(self) -> int:
        """One sample may differ where there are enough of them for that to be an exception."""
        return max(1, int(self.limit * self.samples)) if self.samples >= _ENOUGH_FOR_AN_EXCEPTION else 0

    def too_small(self) -> bool:
        """Whether the relative error of the metric cannot decide: one sample weighs more than the limit, or the metric
        says nothing (NaN) of these samples, as that of pairs does where no pair is complete."""
        figure = self.baseline.figures()[self.baseline.metric.infos[0].name]
        return self.samples * self.limit < 1 or math.isnan(figure)

    def judged_by(self) -> list[str]:
        """What decides: metric, or agreement where the data set is too small for it; and outputs, where neither says
        enough, because the weights are random or the baseline gets nothing right."""
        name = self.baseline.metric.infos[0].name
        blind = self.random or not self.baseline.figures()[name]
        return ["agreement" if self.too_small() else "metric"] + ["outputs"] * (
            blind and self.contender.dtype in TOLERANCE
        )

    def passed(self) -> bool:
        apart = Difference.worst(self.differences).relative
        if "outputs" in self.judged_by() and apart > TOLERANCE[self.contender.dtype]:
            return False
        if self.too_small():
            return self.samples - self.agreeing <= self.allowed_disagreements()
        return self.relative_error() <= self.limit * (1 + 1e-9)  # 2 of 2,000 is 0.1 %, in binary fractions too

    def verdict(self) -> str:
        """PASS or FAIL, and by which rule."""
        return f"{'PASS' if self.passed() else 'FAIL'} by {', '.join(self.judged_by())}"

    def to_json(self) -> dict[str, Any]:
        return {
            "baseline": self.baseline.name,
            "contender": self.contender.name,
            "limit": self.limit,
            "relative_error": self.relative_error(),
            "agreement": self.agreeing / self.samples,
            "disagreeing": self.samples - self.agreeing,
            "samples": self.samples,
            "judged_by": self.judged_by(),
            "difference": Difference.worst(self.differences).to_json(),
            "worst_samples": [{"id": name, "relative": apart} for apart, name in sorted(self.worst, reverse=True)],
            "passed": self.passed(),
        }


@dataclass(frozen=True)
class Verification:
    """Everything that was measured; `passed` is the acceptance standard.

    left_out: the targets and dtypes that cannot be used here, and why.
    """

    contenders: list[Contender]
    comparisons: list[Comparison]
    batch_size: int
    decoder: str
    left_out: dict[str, str] = field(default_factory=dict)

    def passed(self) -> bool:
        return all(comparison.passed() for comparison in self.comparisons)

    def to_json(self) -> dict[str, Any]:
        return {
            "batch_size": self.batch_size,
            "decoder": self.decoder,
            "runtimes": [
                {
                    "runtime": one.runtime,
                    "dtype": one.dtype,
                    "metrics": one.figures(),
                    "throughput": one.rows / sum(one.seconds),
                    "latency_p50_ms": statistics.median(one.seconds) * 1e3,
                    "memory_bytes": one.memory,
                    "latency_p99_ms": _p99(one.seconds),
                    "calls": len(one.seconds),
                }
                for one in self.contenders
            ],
            "comparisons": [comparison.to_json() for comparison in self.comparisons],
            "left_out": self.left_out,
            "passed": self.passed(),
        }

    def show(self, title: str) -> None:
        """The table: one row a runtime and dtype."""
        primary = self.contenders[0].metric.infos[0].name
        by_contender = {id(comparison.contender): comparison for comparison in self.comparisons}
        rows = [self._row(one, primary, by_contender.get(id(one))) for one in self.contenders]
        latency = f">p50 ms/{self.batch_size}"
        columns = (
            "runtime",
            "dtype",
            f">{primary}",
            "against",
            ">agree",
            ">rel. error",
            ">max diff",
            ">samples/s",
            latency,
            ">MiB",
            "verdict",
        )
        console.table(title, columns, rows)
        for name, reason in self.left_out.items():
            print(f"not measured: {name}: {reason}")

    def _row(self, one: Contender, primary: str, comparison: Comparison | None) -> list[str]:
        row = [one.runtime, one.dtype, f"{one.figures()[primary]:.4f}"]
        if comparison is None:
            row += ["", "", "", ""]
        else:
            worst = Difference.worst(comparison.differences)
            row += [comparison.baseline.name, f"{comparison.agreeing}/{comparison.samples}"]
            row += [f"{comparison.relative_error():.3%}", f"{worst.largest:.1e}"]
        row += [f"{one.rows / sum(one.seconds):.0f}", f"{statistics.median(one.seconds) * 1e3:.2f}"]
        row.append(f"{one.memory / 2**20:.0f}")
        return [*row, "reference" if comparison is None else comparison.verdict()]


def verify(
    model: Model,
    folder: Path,
    *,
    variant: str,
    target: str = "onnx",
    dtypes: Sequence[str] | None = None,
    data: str | Path = "sample",
    batch_size: int = 16,
    input_size: int | None = None,
    limit: int | None = None,
    workers: int | None = None,
    devices: Sequence[str] | None = None,
    replicas: int | None = None,
) -> Verification:
    """Framework, ONNX Runtime CPU (float32) and `target` in each of `dtypes`, on the same preprocessed samples.

    dtypes: by default all that a target has and a file was exported for. int8 rounds on purpose, so that it is held
    against the framework, and within its limit. devices, replicas: of the targets, see `Engine`.
    target: one or several, separated by commas. A target that does not have one of several dtypes is left out of it.
    folder: where the exported files of `variant` are. limit: only the first so many samples, taken evenly over the
    data set. Raises CheckFailedError when the framework's outputs are the same for all samples.
    """
    model = model.as_variant(variant)
    task = model.task.adapted(input_size, topk=1)
    samples = arranged(task, spread(task.dataset(model.data(data)), limit))
    shared = {"devices": devices, "replicas": replicas}
    contenders, left_out = _contenders(
        model, folder, variant, target.split(","), dtypes, batch_size, input_size, shared
    )
    reference, baseline = contenders[0], contenders[1]
    random = read_manifest(folder / file_name(variant))["weights"]["kind"] == "random"
    comparisons = [Comparison(reference, baseline, FRAMEWORK_LIMIT, random)]
    comparisons += [
        Comparison(reference, one, FRAMEWORK_LIMIT, random)
        if one.dtype == "int8"
        else Comparison(baseline, one, TARGET_LIMIT, random)
        for one in contenders[2:]
    ]
    seen = Spread()
    try:
        total = -(-len(samples) // batch_size)
        fixed = fixed_sizes([one.engine for one in contenders])
        ready = batches(task, samples, batch_size, workers, fixed)
        for batch in console.progress(ready, total, "verifying", "batch"):
            results = {id(one): _run(task, one, batch) for one in contenders}
            for one in contenders:
                one.metric.update(results[id(one)][1], [sample.target for sample in batch.samples])
            seen.add(results[id(reference)][0])
            for comparison in comparisons:
                comparison.add(task, batch.samples, results[id(comparison.baseline)], results[id(comparison.contender)])
        seen.require_alive()
    finally:
        _release(contenders)
    return Verification(contenders, comparisons, batch_size, task.decoder, left_out)


def _run(task: Task, one: Contender, batch: Batch) -> tuple[list[np.ndarray], list[Any]]:
    """Outputs and predictions; in a closed loop, outputs of what `preprocess` gives, and the predictions of playing."""
    arrays = batch.arrays
    if not one.seconds:
        before = _resident()
        one.engine(arrays)  # warm-up: the first call allocates
        one.memory += max(_resident() - before, 0)
    outputs, taken = _timed(one.engine, arrays)
    one.seconds.append(taken)
    one.rows += len(batch.metas)
    if task.play is not None:
        return outputs, task.play(one.engine, batch.samples)
    return outputs, task.postprocess(outputs, batch.metas)


def _timed(engine: Engine, arrays: list[np.ndarray]) -> tuple[list[np.ndarray], float]:
    """The outputs, and the seconds of a call: the fastest of three where calls are short.

    The threads of the runtime that ran before go on waiting for work for some milliseconds, on the same cores.
    """
    taken: list[float] = []
    while not taken or (len(taken) < _SHORT_CALLS and sum(taken) < _SHORT_SECONDS):
        start = time.perf_counter()
        outputs = as_list(engine(arrays))
        taken.append(time.perf_counter() - start)
    return outputs, min(taken)


def _contenders(
    model: Model,
    folder: Path,
    variant: str,
    names: Sequence[str],
    dtypes: Sequence[str] | None,
    batch_size: int,
    input_size: int | None,
    shared: Mapping[str, Any],
) -> tuple[list[Contender], dict[str, str]]:
    """The framework first, ONNX Runtime float32 (the baseline) second, then each target in each of its dtypes.

    Also the targets and dtypes that cannot be used, with the reason. Raises the reason when none of them can.
    """
    baseline = folder / file_name(variant)
    made = [
        _opened(model, "", "float32", lambda: flags.framework_engine(model, baseline)),
        _opened(model, "onnxruntime", "float32", lambda: Engine(baseline, dtype="float32")),
    ]
    left_out: dict[str, str] = {}
    wanted = [
        (target, dtype)
        for target in names
        for dtype in dtypes or flags.exported_dtypes(folder, variant, target)
        if any(shared.values()) or not _is_there(model, target, dtype)
    ]
    for target, dtype in wanted:
        try:
            ckpt = flags.exported_file(model, folder, variant, dtype, target)
            opening = partial(flags.target_engine, model, ckpt, target, dtype, batch_size, input_size, **shared)
            made.append(_opened(model, _runtime(target, **shared), dtype, opening))
        except (OptionError, TargetUnavailableError, ZooError) as error:
            if len(wanted) == 1:
                _release(made)
                raise
            left_out[f"{target} {dtype}"] = str(error)
        except BaseException:
            _release(made)
            raise
    return made, left_out


def _runtime(target: str, devices: Sequence[str] | None, replicas: int | None) -> str:
    """What the table calls it. The baseline's runtime keeps its name; several other targets have one runtime's."""
    if devices:
        return f"{target} {','.join(devices)}"
    if replicas:
        return f"{target} x{replicas}"
    return "" if target == "onnx" else target


def _is_there(model: Model, target: str, dtype: str) -> bool:
    """Whether the reference or the baseline is this very target and dtype; a framework computes in float32 only."""
    if target in frameworks.TARGETS.values():
        return target == frameworks.target(model) or dtype != "float32"
    return (target, dtype) == ("onnx", "float32")


def _opened(model: Model, runtime: str, dtype: str, opening: Callable[[], Engine]) -> Contender:
    before = _resident()
    engine = opening()
    return Contender(runtime or engine.backend, dtype, engine, model.task.metric(), max(_resident() - before, 0))


def _release(contenders: Sequence[Contender]) -> None:
    for one in contenders:
        one.engine.release()


def _resident() -> int:
    """Bytes of memory that this process has in use; 0 where the system does not say."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.is_file() else 0


def spread(samples: Sequence[Sample], limit: int | None) -> Sequence[Sample]:
    """`limit` samples, evenly over the data set: the first ones would be of one class."""
    if limit is None or limit >= len(samples):
        return samples
    return [samples[index * len(samples) // limit] for index in range(limit)]


def main(model: Model, argv: list[str] | None = None) -> int:
    """`zoo verify MODEL`."""
    parser = argparse.ArgumentParser(
        prog=f"zoo verify {model.id}",
        description="Prove that the exported files are as accurate as the framework.",
    )
    parser.add_argument("--variant")
    parser.add_argument(
        "--folder",
        type=Path,
        default=model.folder,
        help="where the exported files are (default: the model's folder)",
    )
    parser.add_argument("--target", default="onnx", help="one, several with commas between, or auto (default onnx)")
    parser.add_argument(
        "--dtype", choices=flags.DTYPES, action="append", help="may be given several times (default: all)"
    )
    parser.add_argument("--data_path", default="sample")
    parser.add_argument("--batch_size", type=flags.positive, default=16)
    parser.add_argument("--input_size", type=flags.positive)
    parser.add_argument("--limit", type=flags.positive, help="at most so many samples, evenly over the data set")
    parser.add_argument("--workers", type=flags.positive, help="threads that preprocess (default: as many as cores)")
    flags.add_device_flags(parser)
    parser.add_argument("--json", type=Path, help="write everything that was measured to this file")

    def job(args: argparse.Namespace) -> int:
        variant = model.variant(args.variant)
        sized = ((args.dtype or ["float32"])[0], args.batch_size, args.input_size)
        done = verify(
            model,
            args.folder,
            variant=variant,
            target=targets.resolve(args.target, model, args.folder, variant, *sized),
            dtypes=args.dtype,
            data=args.data_path,
            batch_size=args.batch_size,
            input_size=args.input_size,
            limit=args.limit,
            workers=args.workers,
            devices=args.devices,
            replicas=args.replicas,
        )
        done.show(f"{model.id} ({variant})")
        for comparison in done.comparisons:
            worst = sorted(comparison.worst, reverse=True)
            print(
                f"furthest from {comparison.baseline.name}, {comparison.contender.name}: "
                + ", ".join(f"{name} ({apart:.1e})" for apart, name in worst)
            )
        if args.json:
            console.write_json(args.json, record(model, args.folder, variant, args.target, done))
        return require_passed(done)

    return console.run(job, parser.parse_args(argv))


def record(model: Model, folder: Path, variant: str, target: str, done: Verification) -> dict[str, Any]:
    """What was measured, with what a reader must know of it: weights, date, host, versions."""
    weights = read_manifest(folder / file_name(variant))["weights"]
    about = {"model": model.id, "variant": variant, "target": target, "weights": weights["kind"]}
    return about | provenance() | done.to_json()


def _p99(seconds: Sequence[float]) -> float | None:
    """The 99th percentile in milliseconds, or None where there are too few calls to tell."""
    if len(seconds) < _P99_CALLS:
        return None
    return sorted(seconds)[-(-99 * len(seconds) // 100) - 1] * 1e3


def require_passed(done: Verification) -> int:
    """0, or CheckFailedError that names every gate that did not hold."""
    failed = [comparison for comparison in done.comparisons if not comparison.passed()]
    if failed:
        raise CheckFailedError(
            "; ".join(
                f"{one.contender.name} against {one.baseline.name}: metric off by {one.relative_error():.3%}, "
                f"{one.samples - one.agreeing} of {one.samples} samples differ, allowed {one.limit:.1%}"
                for one in failed
            )
        )
    return console.OK
