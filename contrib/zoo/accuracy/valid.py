"""Validation: the metric of a model over a labelled data set."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.datasets.image_classification_dataset import rank_and_world, shard
from utils.datasets.sample import Sample
from utils.metrics.base import Metric
from zoo.errors import ZooError
from zoo.progress import progress as bar
from zoo.references import data_folder
from zoo.running.diagnosis import Diagnosis, diagnose
from zoo.running.engines import open_runner
from zoo.running.network import Runner, engines_of
from zoo.running.padding import arranged, batches_in, full_batch
from zoo.running.pipeline import Stages, predictions
from zoo.running.setting import Setting, dataset_of
from zoo.task import Task
from zoo_core.errors import DataError
from zoo_core.files import json_line
from zoo_core.hashing import facts_digest, sha256, text_digest
from zoo_core.machine import environment_int

from .choice import choose_target
from .content import data_digest
from .resume import Progress
from .unchanged import watched
from .verify import spread

DECODER_SAMPLES = 256


@dataclass(frozen=True)
class Validation:
    """What a validation has measured.

    Args:
        setting: what was run, its target chosen.
        data: where the samples are from.
        samples: how many this process has counted.
        whole: how many there are in the data set.
        rank, world: which part of the data set these are.
        metric: with its counts.
        figures: of the metric, by name; {} where postprocessing was skipped.
        missing: why there are none, where the samples give no figure.
        stages: what took how long.
        diagnosis: what bounds the run; None where nothing was run.
        notes: lines for people: what was counted before, what the fast decoder changes.
        inputs: what the network takes.
        source_identity: of the preprocessing.
        identity: what the figures depend on, of a part of the whole; {} elsewhere.
    """

    setting: Setting
    data: str
    samples: int
    whole: int
    rank: int
    world: int
    metric: Metric
    figures: dict[str, float]
    missing: DataError | None
    stages: Stages
    diagnosis: Diagnosis | None
    notes: list[str]
    inputs: list[str]
    source_identity: str
    identity: dict[str, Any]

    @property
    def primary(self) -> str:
        """The name of the figure that decides."""
        return self.metric.infos[0].name

    def to_json(self) -> dict[str, Any]:
        """Everything, fit for a file; the counts are what joins the parts of several ranks."""
        setting = self.setting
        return {
            "model": setting.model.id,
            "variant": setting.model.variant,
            "ckpt": ", ".join(str(path) for path in setting.files()),
            "data_path": self.data,
            "target": setting.target,
            "dtype": setting.dtype,
            "batch_size": setting.batch_size,
            "decoder": self.source_identity,
            "metrics": self.figures,
            "counts": self.metric.state(),
            "stages": self.stages.to_json(),
            "diagnosis": self.diagnosis.to_json() if self.diagnosis else None,
            "inputs": self.inputs,
            "rank": self.rank,
            "world": self.world,
        } | self._part()

    def _part(self) -> dict[str, Any]:
        """Of one rank of several: what joins it with the others, and a digest of that."""
        if self.world == 1 or self.setting.skip_postprocess:
            return {}
        part = {"identity": self.identity, "samples": self.samples, "of": self.whole, "counts": self.metric.state()}
        return {"part": part, "digest": part_digest(part)}


def part_digest(part: dict[str, Any]) -> str:
    """Of what a rank has counted, as it will be read."""
    return facts_digest(json.loads(json_line(part)))


def validate(setting: Setting, data: str | Path = "sample", resume: Path | None = None) -> Validation:
    """The metric over a data set; each rank of several takes its own samples.

    Args:
        setting: what runs the network; its target may be "auto".
        data: the data set; "sample" is the model's own.
        resume: a file that keeps the state of the run, and from which an interrupted one goes on.

    Raises:
        ZooError, DataError, EngineError: what cannot be used, and why.
        CheckFailedError: the data set changed meanwhile.
    """
    if resume and setting.skip_postprocess:
        raise ZooError("--resume keeps the counts of a metric, and --skip_postprocess True has none")
    setting = choose_target(setting)
    task = setting.task()
    rank, world = rank_and_world()
    every = dataset_of(setting, data)
    samples = arranged(task, samples_of(setting, task, every, rank, world), setting.timeout)
    metric = task.metric()
    stages = Stages()
    notes: list[str] = []
    kept = resume is not None or world > 1
    identity = identity_of(setting, data, task, samples) | {"rank": rank, "world": world} if kept else {}
    with open_runner(setting, batches_in(task, len(samples), setting.batch_size)) as engine:
        inputs = [
            f"{name}{': ' if name else ''}{spec}" for name, one in engines_of(engine).items() for spec in one.inputs
        ]
        with Progress(resume, identity, metric) as progress:
            if progress.done:
                notes.append(f"{resume}: {progress.done} of {len(samples)} samples were counted before")
            with watched(samples[progress.done :], data_folder(setting.model, data), resume) as left:
                _count(setting, task, engine, left, stages, progress)
        diagnosis = diagnose(engine, stages)
        if setting.decoder == "fast" and not setting.skip_postprocess:
            notes.append(decoder_effect(setting, engine, samples))
    figures, missing = ({}, None) if setting.skip_postprocess else figures_of(metric)
    return Validation(
        setting=setting,
        data=str(data),
        samples=len(samples),
        whole=len(every),
        rank=rank,
        world=world,
        metric=metric,
        figures=figures,
        missing=missing,
        stages=stages,
        diagnosis=diagnosis,
        notes=notes,
        inputs=inputs,
        source_identity=task.source_identity,
        identity=identity,
    )


def max_steps() -> int:
    """Batches after which validation stops, TECO_INFER_PIPELINES_MAX_STEPS; -1 is all."""
    return environment_int("TECO_INFER_PIPELINES_MAX_STEPS", -1, -1)


def warm_up_steps() -> int:
    """Calls before timing begins, TECO_INFER_PIPELINES_WARMUP_STEPS."""
    return environment_int("TECO_INFER_PIPELINES_WARMUP_STEPS", 1, 0)


def samples_of(setting: Setting, task: Task, every: Sequence[Sample], rank: int, world: int) -> Sequence[Sample]:
    """The samples of this rank. Raises ZooError where it has none."""
    samples = shard(every, rank, world)
    if max_steps() > 0:
        samples = samples[: max_steps() * full_batch(task, setting.batch_size)]
    if not samples:
        raise ZooError(f"rank {rank} of {world} has no sample: the data set has fewer samples than there are ranks")
    return samples


def figures_of(metric: Metric) -> tuple[dict[str, float], DataError | None]:
    """What was counted, or why it gives no figure: a rank's part may hold one class only."""
    try:
        return metric.compute(), None
    except DataError as error:
        return {}, error


def _count(
    setting: Setting, task: Task, engine: Runner, samples: Sequence[Sample], stages: Stages, progress: Progress
) -> None:
    """Run the network over `samples` and count what it says."""
    if not samples:
        return
    found = predicted(setting, task, engine, samples, stages, warm_up_steps())
    for batch, batch_predictions in bar(
        found, batches_in(task, len(samples), setting.batch_size), "validating", "batch"
    ):
        if not setting.skip_postprocess:
            progress.add(batch_predictions, [sample.truth for sample in batch])


def predicted(
    setting: Setting, task: Task, engine: Runner, samples: Sequence[Sample], stages: Stages, warm_up: int
) -> Iterator[tuple[list[Sample], list[Any]]]:
    """`predictions` of samples as a validation makes them, `warm_up` steps of it unmeasured."""
    return predictions(
        task,
        engine,
        samples,
        setting.batch_size,
        stages,
        workers=setting.workers,
        warm_up=warm_up,
        skip_postprocess=setting.skip_postprocess,
        token_budget=setting.token_budget,
        processes=setting.processes,
        timeout=setting.timeout,
    )


def decoder_effect(setting: Setting, engine: Runner, samples: Sequence[Sample]) -> str:
    """What the fast decoder changes, on some of the samples."""
    some = spread(samples, DECODER_SAMPLES)
    reference = setting.but(decoder="reference").task()
    results = []
    for task in (reference, setting.task()):
        metric = task.metric()
        found: list[Any] = []
        for batch, batch_predictions in predictions(
            task, engine, some, setting.batch_size, Stages(), workers=setting.workers, timeout=setting.timeout
        ):
            metric.update(batch_predictions, [sample.truth for sample in batch])
            found += batch_predictions
        results.append((metric.compute()[metric.infos[0].name], found))
    same = sum(reference.agreement(one, other) for one, other in zip(results[0][1], results[1][1], strict=True))
    return (
        f"decoder fast: {metric.infos[0].name} {results[1][0]:.4f}, with the reference decoder {results[0][0]:.4f}; "
        f"{same} of {len(some)} predictions agree"
    )


def identity_of(setting: Setting, data: str | Path, task: Task, samples: Sequence[Sample]) -> dict[str, Any]:
    """What a run's result depends on."""
    return network_identity(setting, task) | {
        "samples": samples_digest(sample.id for sample in samples),
        "data": data_digest(data_folder(setting.model, data)),
    }


def network_identity(setting: Setting, task: Task) -> dict[str, Any]:
    """What a run's result depends on, beside the data."""
    return {
        "model": setting.model.id,
        "variant": setting.model.variant,
        "ckpt": [sha256(path) for path in setting.files()],
        "target": setting.target,
        "dtype": setting.dtype,
        "input_size": setting.input_size,
        "graph": setting.graph,
        "topk": setting.topk,
        "decoder": task.source_identity,
        "labels": labels_digest(task),
        "own": facts_digest(_colours(getattr(task, "transform", None))),
    }


def samples_digest(ids: Iterable[str]) -> str:
    """The identity of which samples are run, in their order."""
    return text_digest("\n".join(ids))


def labels_digest(task: Task) -> str:
    """The identity of the class names, which --labels changes."""
    return facts_digest(getattr(task, "labels", None))


def _colours(transform: Any) -> list[Any]:
    """What --mean, --std and --size change of it."""
    return [getattr(transform, name, None) for name in ("mean", "std", "crop")]
