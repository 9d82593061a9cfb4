"""Prediction of samples, printed, drawn and written: what `zoo single` and `zoo multi` do with what they were given."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from utils.datasets.sample import Sample
from zoo.commands.notice import captioned, weights_notice
from zoo.commands.stream import Stream
from zoo.errors import CheckFailedError
from zoo.inputs.files import File, Files
from zoo.model import Model
from zoo.progress import progress
from zoo.running.engines import open_runner
from zoo.running.memory import keep_freed
from zoo.running.network import Runner
from zoo.running.padding import arranged, batches_in
from zoo.running.pipeline import Stages, predictions
from zoo.running.setting import AUTO, Setting
from zoo.task import Task
from zoo_core.errors import DataError, in_one_line
from zoo_core.files import atomic_write, write_json

_TELLING_SECONDS = 1.0  # a shorter run is mostly start-up, and says nothing of what limits it

Bad = tuple[Sample, DataError]


@dataclass(frozen=True)
class Output:
    """Where predictions are written beside being printed: a JSON file, a folder of annotated pictures.

    kept: where several runs share the JSON file, the list that it becomes. frames: at most so many of a video or a
    camera.
    """

    json: Path | None = None
    save_dir: Path | None = None
    kept: list[dict[str, Any]] | None = None
    frames: int | None = None

    def of(self, target: str, kept: list[dict[str, Any]]) -> Output:
        """That of one of several targets."""
        folder = self.save_dir / target.replace(":", "_") if self.save_dir else None
        return replace(self, save_dir=folder, kept=kept)

    def write(self, said: dict[str, Any]) -> None:
        """Write the JSON file, where one is asked for."""
        if self.kept is not None:
            self.kept.append(said)
        elif self.json:
            write_json(self.json, said)


@dataclass(frozen=True)
class Given:
    """What is to be predicted: samples, those that could not be read, and what each one's picture is called.

    tolerant: whether the job goes on without samples that cannot be read. stream: prints a single prediction as it
    comes, where its task writes text. videos: files whose frames are the samples. files: what fetched them.
    """

    samples: Sequence[Sample]
    names: Mapping[str, str]
    bad: Sequence[Bad] = ()
    tolerant: bool = False
    stream: Stream | None = None
    videos: Sequence[File] = ()
    files: Files | None = None


@dataclass
class Predicted:
    """What became of a run.

    asked: samples that there were. found: predictions by the ids of their samples; {} of videos, which have too many.
    """

    setting: Setting
    stages: Stages
    asked: int
    bad: list[Bad] = field(default_factory=list)
    found: dict[str, Any] = field(default_factory=dict)

    def require_read(self) -> None:
        """Raise CheckFailedError where a sample could not be read or used."""
        if self.bad:
            raise CheckFailedError(f"{len(self.bad)} of {self.asked} files could not be read or used")


def pictures(task: Task, save_dir: Path | None, names: Mapping[str, str]) -> dict[str, Path]:
    """Where the picture of each sample (id to name) goes: a.png stays a.png, a.jpg becomes a.jpg.png."""
    if save_dir is None:
        return {}
    files = {one: name.replace(":", "_") for one, name in names.items()}
    suffix = task.picture_suffix
    return {one: save_dir / (name if name.lower().endswith(suffix) else name + suffix) for one, name in files.items()}


def predict(setting: Setting, given: Given, output: Output) -> Predicted:
    """Predict, print, draw and write; what could not be read or used is named."""
    if setting.target == AUTO:
        from zoo.accuracy.choice import choose_target  # which looks for cards, and verifies

        setting = choose_target(setting)
    task = setting.task()
    samples, done = given.samples, Predicted(setting, Stages(), len(given.samples) + len(given.bad), list(given.bad))
    places = pictures(task, output.save_dir, given.names)
    records: list[dict[str, Any]] = []
    notice = weights_notice(setting)
    total = max(batches_in(task, len(samples), setting.batch_size), 1)  # where no file could be read, there are none
    keep_freed()  # what opening takes and gives back serves it again: a fifth fewer new pages
    with open_runner(setting, total) as engine:
        found = predictions(
            task,
            engine,
            arranged(task, samples),
            setting.batch_size,
            done.stages,
            workers=setting.workers,
            skip_postprocess=setting.skip_postprocess,
            on_bad=(lambda sample, error: done.bad.append((sample, error))) if given.tolerant else None,
            token_budget=setting.token_budget,
            processes=setting.processes,
            timeout=setting.timeout,
        )
        bar = progress(found, total, "predicting", "batch") if total > 1 else found
        for sample, prediction in in_order(task, samples, bar):
            said = task.describe(prediction, setting.topk)
            (given.stream or Stream(sample.id)).finish(said)
            records.append(_record(task, sample, prediction, places.get(sample.id), notice) | {"said": said})
            done.found[sample.id] = prediction
        compared = task.compare(list(done.found.items()))
        for line in compared:
            print(line)
        diagnosis = _diagnosis(engine, done.stages)
    said_of_all = about(setting, task) | {"notice": notice, "compared": compared, "predictions": records}
    output.write(said_of_all | {"skipped": skipped(done.bad)})
    _sum_up(done, task, notice)
    for line in diagnosis:
        print(line, file=sys.stderr)
    tell_skipped(done.bad)
    return done


def _diagnosis(engine: Runner, stages: Stages) -> list[str]:
    """Lines about what limits a run that was long enough to tell."""
    if stages.end_to_end <= _TELLING_SECONDS:
        return []
    from zoo.running.diagnosis import diagnose

    found = diagnose(engine, stages)
    return found.lines() if found else []


def _sum_up(done: Predicted, task: Task, notice: str) -> None:
    if notice:
        print(notice, file=sys.stderr)
    plural = "" if done.stages.samples == 1 else "s"
    print(
        f"{done.stages.samples} {task.data_name}{plural} in {done.stages.end_to_end:.3f} s, of which the network took "
        f"{done.stages.inference:.3f} s",
        file=sys.stderr,
    )


def about(setting: Setting, task: Task) -> dict[str, Any]:
    """What ran, at the head of a JSON file."""
    model: Model = setting.model
    return {
        "model": model.id,
        "variant": model.variant,
        "ckpt": ", ".join(str(path) for path in setting.files()),
        "target": setting.target,
        "decoder": task.source_identity,
    } | ({"listed": task.listed} if task.listed else {})


def skipped(bad: Sequence[Bad]) -> list[dict[str, str]]:
    """What could not be read or used, at the end of a JSON file."""
    return [{"id": sample.id, "reason": _reason(sample, error)} for sample, error in bad]


def tell_skipped(bad: Sequence[Bad]) -> None:
    """Name what could not be read or used."""
    for sample, error in bad:
        print(in_one_line(f"skipped {sample.id}: {_reason(sample, error)}"), file=sys.stderr)


def _reason(sample: Sample, error: DataError) -> str:
    """Why a sample could not be read; what reads the samples puts their ids in front, which stand there already."""
    return str(error).removeprefix(f"{sample.id}: ")


def in_order(
    task: Task, samples: Sequence[Sample], found: Iterable[tuple[list[Sample], list[Any]]]
) -> Iterator[tuple[Sample, Any]]:
    """Samples with their predictions, in the order of `samples`: at once, or at the end where lengths decided."""
    pairs = (pair for batch, batch_predictions in found for pair in zip(batch, batch_predictions, strict=False))
    if task.padding is None:
        return pairs
    place = {sample.id: index for index, sample in enumerate(samples)}
    return iter(sorted(pairs, key=lambda pair: place[pair[0].id]))


def _record(task: Task, sample: Sample, prediction: Any, picture: Path | None, notice: str) -> dict[str, Any]:
    record = {"id": sample.id} | task.to_json(prediction)
    if picture:
        with atomic_write(picture) as temporary:
            drawn = captioned(task.draw(sample.data, prediction), notice)
            drawn.save(temporary, format=task.picture_suffix.removeprefix(".").upper())
        record["picture"] = str(picture)
    return record
