"""Verification: framework, ONNX Runtime and target on the same tensors, judged by the acceptance standard."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine import backends
from engine.backends.compiling.known import NAN_IS_LOST
from engine.base import Engine, OptionError, TargetUnavailableError
from utils.datasets.sample import Sample
from zoo import frameworks
from zoo.difference import Spread
from zoo.errors import CheckFailedError, ZooError
from zoo.manifest import failures
from zoo.progress import progress
from zoo.provenance import provenance
from zoo.running.engines import framework_runner, manifest_of, open_runner
from zoo.running.network import Runner, recorded, replayed
from zoo.running.padding import arranged, batches_in, fixed_sizes
from zoo.running.pipeline import Batch, batches
from zoo.running.setting import Setting, dataset_of
from zoo.task import Task, as_list

from .comparison import FRAMEWORK_LIMIT, TARGET_LIMIT, Comparison, Contender, Verification

_SHORT_CALLS, _SHORT_SECONDS = 3, 0.05
# Samples of several parts with random weights: the metric says nothing, and a decoder writes as much as it may of each
RANDOM_SAMPLES = 32
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class VerifyOptions:
    """What is compared, beside what the setting says.

    Args:
        dtypes: by default all that a target has and a file was exported for.
        data: a labelled data set; "sample" is the model's own.
        limit: only so many samples, evenly over the data set; by default all, or RANDOM_SAMPLES.
    """

    dtypes: Sequence[str] | None = None
    data: str | Path = "sample"
    limit: int | None = None


def verify(setting: Setting, options: VerifyOptions | None = None) -> Verification:
    """Framework, ONNX Runtime CPU (float32) and the target in each dtype, on the same preprocessed samples.

    int8 rounds on purpose, so that it is held against the framework, and within its limit.

    Args:
        setting: of the target, several separated by commas; one that does not have one of several dtypes is left out
            of it. Its `dtype` and `streams` are not used.

    Raises:
        CheckFailedError: the framework's outputs are the same for all samples.
        ZooError: the exported files are missing, or of another variant.
    """
    options = options or VerifyOptions()
    model = setting.model
    task = setting.task()
    manifest = manifest_of(setting)
    random = manifest["weights"]["kind"] == "random"
    staged = len(model.parts) > 1
    every = dataset_of(setting, options.data)
    samples = arranged(task, _chosen(every, options.limit, random and staged), setting.timeout)
    contenders, left_out = _contenders(setting, options.dtypes)
    reference, baseline, *others = contenders
    against = partial(Comparison, random=random, staged=staged)
    framework = partial(against, reference, limit=FRAMEWORK_LIMIT, learnt="pruned" in manifest)
    comparisons = [framework(baseline)]
    comparisons += [framework(one) if one.dtype == "int8" else against(baseline, one, TARGET_LIMIT) for one in others]
    try:
        for spread_of_part in measure(setting, samples, contenders, comparisons).values():
            if spread_of_part.holds_nan:
                _say_where_nan_is_lost(contenders)
            spread_of_part.require_alive()
    finally:
        release(contenders)
    return Verification(contenders, comparisons, setting.batch_size, task.source_identity, left_out)


def _chosen(every: Sequence[Sample], limit: int | None, few: bool) -> Sequence[Sample]:
    """The samples that are compared. few: whether some say as much as all."""
    if limit is None and few and len(every) > RANDOM_SAMPLES:
        limit = RANDOM_SAMPLES
        _log.warning("random weights: %d of %d samples are verified (--limit N for others)", limit, len(every))
    return spread(every, limit)


def _say_where_nan_is_lost(contenders: Sequence[Contender]) -> None:
    for target in dict.fromkeys(one.runtime.partition(":")[0] for one in contenders):
        if target in NAN_IS_LOST:
            _log.warning(
                "target '%s' may take NaN for a number in %s: what it gives of this network may look sound, and is not",
                target,
                ", ".join(NAN_IS_LOST[target]),
            )


def measure(
    setting: Setting, samples: Sequence[Sample], contenders: Sequence[Contender], comparisons: Sequence[Comparison]
) -> dict[str, Spread]:
    """Run everybody on the samples and count what they say; how far the first one's outputs spread, part by part.

    Args:
        setting: how the samples are preprocessed.
        samples: of the model's task.
        contenders: the reference first: where there are several parts, all are given what its parts are given.
        comparisons: of two of them each.
    """
    task = setting.task()
    seen = {part.name: Spread() for part in setting.model.parts}
    total = batches_in(task, len(samples), setting.batch_size)
    fixed = fixed_sizes([one.engine for one in contenders])
    ready = batches(task, samples, setting.batch_size, setting.workers, fixed, setting.timeout)
    for batch in progress(ready, total, "verifying", "batch"):
        done = {id(one): _run(task, one, batch) for one in contenders}
        for one in contenders:
            one.metric.update(done[id(one)][1], [sample.truth for sample in batch.samples])
        for comparison in comparisons:
            comparison.agree(task, done[id(comparison.baseline)][1], done[id(comparison.contender)][1])
        for part, outputs in _by_part(task, contenders, batch, done):
            seen[part].add(outputs[id(contenders[0])])
            for comparison in comparisons:
                before, after = outputs[id(comparison.baseline)], outputs[id(comparison.contender)]
                comparison.measure(batch.samples, before, after)
    return seen


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
    found = task.play(one.engine, batch.samples) if task.play is not None else task.postprocess(outputs, batch.metas)
    return outputs, found


def _by_part(
    task: Task, contenders: Sequence[Contender], batch: Batch, done: Mapping[int, tuple[list[np.ndarray], list[Any]]]
) -> Iterator[tuple[str, dict[int, list[np.ndarray]]]]:
    """The outputs of each contender, call by call of the parts.

    Where a network has several parts, every one of them is given what the reference's parts were given, so that a
    difference in one part is not carried into the next.
    """
    reference, *others = contenders
    if isinstance(reference.engine, Engine):
        yield "", {id(one): done[id(one)][0] for one in contenders}
        return
    for call in recorded(task, reference.engine, batch.arrays)[1]:
        replays = {id(one): replayed(one.engine, call) for one in others}
        yield call.part, {id(reference): call.outputs, **replays}


def _timed(engine: Runner, arrays: list[np.ndarray]) -> tuple[list[np.ndarray], float]:
    """The outputs, and the seconds of a call: the fastest of three where calls are short.

    The threads of the runtime that ran before go on waiting for work for some milliseconds, on the same cores.
    """
    taken: list[float] = []
    while not taken or (len(taken) < _SHORT_CALLS and sum(taken) < _SHORT_SECONDS):
        start = time.perf_counter()
        outputs = as_list(engine(arrays))
        taken.append(time.perf_counter() - start)
    return outputs, min(taken)


def _contenders(setting: Setting, dtypes: Sequence[str] | None) -> tuple[list[Contender], dict[str, str]]:
    """The framework first, ONNX Runtime float32 (the baseline) second, then each target in each of its dtypes.

    Also the targets and dtypes that cannot be used, with the reason. Raises the reason when none of them can.
    """
    plain = setting.but(target="onnx", dtype="float32", devices=None, replicas=None, streams=1, input_name=None)
    made = [
        opened(setting, "", "float32", lambda: framework_runner(plain)),
        opened(setting, "onnxruntime", "float32", lambda: open_runner(plain)),
    ]
    left_out = {} if dtypes else _failed_exports(setting)
    shared = setting.devices or setting.replicas
    wanted = [
        setting.but(target=target, dtype=dtype, streams=1)
        for target in setting.target.split(",")
        for dtype in dtypes or setting.but(target=target).dtypes()
        if shared or not _is_there(setting, target, dtype)
    ]
    for one in wanted:
        try:
            made.append(opened(one, _runtime(one), one.dtype, lambda one=one: open_runner(one)))  # type: ignore[misc]
        except (OptionError, TargetUnavailableError, ZooError) as error:
            if len(wanted) == 1:
                release(made)
                raise
            left_out[f"{one.target} {one.dtype}"] = str(error)
        except BaseException:
            release(made)
            raise
    return made, left_out


def _failed_exports(setting: Setting) -> dict[str, str]:
    """The targets and dtypes that the export has no file for because it failed its comparison, and by how much."""
    found = {}
    for key, reason in failures(setting.model, setting.home).items():
        dtype = key.rpartition("/")[2]
        for target in setting.target.split(","):
            if target not in frameworks.TARGETS.values() and dtype in backends.find(target).dtypes:
                found[f"{target} {dtype}"] = f"FAIL at the export: {reason}"
    return found


def _runtime(setting: Setting) -> str:
    """What the table calls it. The baseline's runtime keeps its name; several other targets have one runtime's."""
    if setting.devices:
        return f"{setting.target} {','.join(setting.devices)}"
    if setting.replicas:
        return f"{setting.target} x{setting.replicas}"
    return "" if setting.target == "onnx" else setting.target


def _is_there(setting: Setting, target: str, dtype: str) -> bool:
    """Whether the reference or the baseline is this very target and dtype; a framework computes in float32 only."""
    if target in frameworks.TARGETS.values():
        return target == frameworks.target(setting.model) or dtype != "float32"
    return (target, dtype) == ("onnx", "float32")


def opened(setting: Setting, runtime: str, dtype: str, opening: Callable[[], Runner]) -> Contender:
    """Who takes part, with its network open.

    Args:
        runtime: what it is called; "" stands for the engine's own name.
        opening: gives the network.
    """
    before = _resident()
    engine = opening()
    metric = setting.model.task.metric()
    return Contender(runtime or engine.backend, dtype, engine, metric, max(_resident() - before, 0))


def release(contenders: Sequence[Contender]) -> None:
    """Close their networks."""
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


def record(setting: Setting, done: Verification, data: str | Path = "sample") -> dict[str, Any]:
    """What was measured, with what a reader must know of it: model, variant, data, weights, date, host, versions.

    Args:
        setting, done: what was asked of `verify`, and what it returned.
        data: the data set that it was done on; the name of its folder is kept, not where it lies.
    """
    weights: Mapping[str, Any] = manifest_of(setting)["weights"]
    about = {"model": setting.model.id, "variant": setting.model.variant, "target": setting.target}
    about["data"] = Path(data).resolve().name if str(data) != "sample" else "sample"
    return about | {"weights": weights["kind"]} | provenance() | done.to_json()


def require_passed(done: Verification) -> None:
    """Raise CheckFailedError that names every gate that did not hold."""
    failed = [comparison for comparison in done.comparisons if not comparison.passed()]
    if failed:
        raise CheckFailedError(
            "; ".join(
                f"{one.contender.name} against {one.baseline.name}: metric off by {one.relative_error():.3%}, "
                f"{one.samples - one.agreeing} of {one.samples} samples differ, allowed {one.limit:.1%}"
                for one in failed
            )
        )
