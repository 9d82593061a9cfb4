"""example_single_batch.py and example_multi_batch.py: prediction of a file, of a folder, and of what is typed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from utils.datasets.folder import files_in
from utils.datasets.sample import Sample
from zoo.accuracy.choice import choose_target
from zoo.commands import console, flags
from zoo.commands.notice import captioned, weights_notice
from zoo.commands.stream import Stream
from zoo.errors import CheckFailedError, ZooError
from zoo.family import Family
from zoo.model import Model
from zoo.progress import progress
from zoo.references import data_folder
from zoo.running.diagnosis import diagnose
from zoo.running.engines import open_runner
from zoo.running.padding import arranged, batches_in
from zoo.running.pipeline import Stages, predictions
from zoo.running.setting import Setting
from zoo.task import Task
from zoo_core.errors import DataError
from zoo_core.files import atomic_write, write_json

_TELLING_SECONDS = 1.0  # a shorter run is mostly start-up, and says nothing of what limits it

Bad = tuple[Sample, DataError]


@dataclass(frozen=True)
class Output:
    """Where predictions are written beside being printed: a JSON file, a folder of annotated pictures."""

    json: Path | None = None
    save_dir: Path | None = None


@dataclass(frozen=True)
class Given:
    """What is to be predicted: samples, those that could not be read, and what each one's picture is called.

    tolerant: whether the job goes on without samples that cannot be read. stream: prints a single prediction as it
    comes, where its task writes text.
    """

    samples: Sequence[Sample]
    names: Mapping[str, str]
    bad: Sequence[Bad] = ()
    tolerant: bool = False
    stream: Stream | None = None


def single(family: Family, argv: list[str] | None = None) -> int:
    """example_single_batch.py: one file, or what --text says."""

    def job(args: argparse.Namespace) -> int:
        setting, output = _asked(flags.setting_of(family, args), args), Output(args.json, args.save_dir)
        typed = getattr(args, "text", None) if setting.model.task.words_help is None else None
        if typed and args.data_path:
            raise ZooError("--text and --data_path both say what to run the network on; give one of them")
        return predict_typed(setting, typed, output) if typed else predict_file(setting, args.data_path, output)

    prog = flags.called("single", family, argv)
    return console.told(lambda: console.run(job, single_parser(family, prog).parse_args(argv)))


def single_parser(family: Family, prog: str | None = None) -> argparse.ArgumentParser:
    """The flags of example_single_batch.py."""
    task = family.variant().task
    made = _parser(family, prog, f"Run {family.title} on one {task.data_name}.", batch_size=1)
    if task.text_help:
        made.add_argument("--text", action="append", help=f"{task.text_help}; may be given several times")
    return made


def _asked(setting: Setting, args: argparse.Namespace) -> Setting:
    """The setting of a network that is asked what --text says, where that is what it says."""
    words = getattr(args, "text", None)
    if setting.model.task.words_help is None or not words:
        return setting
    return setting.but(model=replace(setting.model, task=setting.model.task.worded(words)))


def multi(family: Family, argv: list[str] | None = None) -> int:
    """example_multi_batch.py: every file of a folder, recursively, in sorted order."""

    def job(args: argparse.Namespace) -> int:
        return predict_folder(
            _asked(flags.setting_of(family, args), args), args.data_path, Output(args.json, args.save_dir)
        )

    prog = flags.called("multi", family, argv)
    return console.told(lambda: console.run(job, multi_parser(family, prog).parse_args(argv)))


def multi_parser(family: Family, prog: str | None = None) -> argparse.ArgumentParser:
    """The flags of example_multi_batch.py."""
    description = f"Run {family.title} on every {family.variant().task.data_name} of a folder."
    return _parser(family, prog, description, batch_size=8)


def _parser(family: Family, prog: str | None, description: str, batch_size: int) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, description=description)
    flags.add_shared_flags(parser, batch_size)
    flags.add_device_flags(parser)
    flags.add_token_budget(parser, family)
    flags.add_writing_flags(parser, family)
    if words_help := family.variant().task.words_help:
        parser.add_argument("--text", action="append", help=f"{words_help}; give it several times")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    parser.add_argument("--save_dir", type=Path, help="write an annotated picture a sample to this folder")
    parser.add_argument(
        "--divide",
        type=flags.boolean,
        metavar="True|False",
        help="changes nothing; callers of upstream's scripts pass it",
    )
    return parser


def predict_typed(setting: Setting, texts: Sequence[str], output: Output) -> int:
    """Predict what was typed."""
    task = setting.model.task
    samples = [Sample(f"text {number}", task.from_text(text)) for number, text in enumerate(texts, start=1)]
    return _predict_one(setting, Given(samples, {sample.id: sample.id for sample in samples}), output)


def predict_file(setting: Setting, path: Path | None, output: Output) -> int:
    """Predict one file: the model's first demo by default, the first of its sample data where the path is "sample"."""
    model = setting.model
    if str(path) == "sample":
        first = model.task.dataset(model.data("sample"))[0]
        samples = [Sample(first.id, first.data)]
    else:
        path = path or files_in(model.demo_folder(), model.task.suffixes)[0]
        if path.is_dir():
            raise ZooError(f"{path} is a folder; give one file, or use example_multi_batch.py for folders")
        if not path.is_file():
            raise ZooError(f"no file {path}; give one with --data_path")
        samples = _samples_in(model.task, path, str(path))
    given = Given(samples, {sample.id: Path(sample.id).name for sample in samples})
    pictures = _pictures(model.task, output.save_dir, given.names)
    if any(picture.resolve() == Path(path or "").resolve() for picture in pictures.values()):
        raise ZooError(f"--save_dir {output.save_dir} would overwrite {path} itself; choose another folder")
    return _predict_one(setting, given, output)


def _predict_one(setting: Setting, given: Given, output: Output) -> int:
    """Predict; a single text that is written is told as it comes."""
    if setting.model.task.writing is None or len(given.samples) != 1:
        return predict(setting, given, output)
    stream = Stream(given.samples[0].id)
    return predict(setting.but(writing={**setting.writing, "told": stream}), replace(given, stream=stream), output)


def predict_folder(setting: Setting, path: Path | None, output: Output) -> int:
    """Predict every file of a folder: the model's demos by default. Files that cannot be read are named and passed
    over, and the exit code is 1 then."""
    model = setting.model
    folder = data_folder(model, path) if path else model.demo_folder()
    files = files_in(folder, model.task.suffixes)
    save_dir = output.save_dir
    if save_dir and save_dir.resolve().is_relative_to(folder.resolve()):
        raise ZooError(f"--save_dir {save_dir} lies in the folder that is read; choose one outside of {folder}")
    samples: list[Sample] = []
    bad: list[Bad] = []
    for file in files:
        name = file.relative_to(folder).as_posix()
        try:
            samples += _samples_in(model.task, file, name)
        except DataError as error:
            bad.append((Sample(name, file), error))
    return predict(setting, Given(samples, {sample.id: sample.id for sample in samples}, bad, tolerant=True), output)


def _samples_in(task: Task, path: Path, name: str) -> list[Sample]:
    """What `path` holds; ids begin with `name`, by which the person knows the file."""
    found = task.samples_in(path)
    return [Sample(name + sample.id.removeprefix(path.name), sample.data) for sample in found]


def _pictures(task: Task, save_dir: Path | None, names: Mapping[str, str]) -> dict[str, Path]:
    """Where the picture of each sample (id to name) goes: a.png stays a.png, a.jpg becomes a.jpg.png."""
    if save_dir is None:
        return {}
    files = {one: name.replace(":", "_") for one, name in names.items()}
    suffix = task.picture_suffix
    return {one: save_dir / (name if name.lower().endswith(suffix) else name + suffix) for one, name in files.items()}


def predict(setting: Setting, given: Given, output: Output) -> int:
    """Predict, print, draw and write. Raises CheckFailedError at the end where a sample could not be read."""
    setting = choose_target(setting)
    task = setting.task()
    samples, bad = given.samples, list(given.bad)
    pictures = _pictures(task, output.save_dir, given.names)
    asked = len(samples) + len(bad)
    records: list[dict[str, Any]] = []
    together: list[tuple[str, Any]] = []
    notice = weights_notice(setting)
    stages = Stages()
    total = max(batches_in(task, len(samples), setting.batch_size), 1)  # where no file could be read, there are none
    with open_runner(setting, total) as engine:
        found = predictions(
            task,
            engine,
            arranged(task, samples),
            setting.batch_size,
            stages,
            workers=setting.workers,
            skip_postprocess=setting.skip_postprocess,
            on_bad=(lambda sample, error: bad.append((sample, error))) if given.tolerant else None,
            token_budget=setting.token_budget,
            processes=setting.processes,
            timeout=setting.timeout,
        )
        bar = progress(found, total, "predicting", "batch") if total > 1 else found
        for sample, prediction in _in_order(task, samples, bar):
            said = task.describe(prediction, setting.topk)
            (given.stream or Stream(sample.id)).finish(said)
            records.append(_record(task, sample, prediction, pictures.get(sample.id), notice) | {"said": said})
            together.append((sample.id, prediction))
        compared = task.compare(together)
        for line in compared:
            print(line)
        diagnosis = diagnose(engine, stages) if stages.end_to_end > _TELLING_SECONDS else None
    if output.json:
        about = _about(setting, task) | {"notice": notice, "compared": compared}
        write_json(output.json, about | {"predictions": records, "skipped": _skipped(bad)})
    if notice:
        print(notice, file=sys.stderr)
    plural = "" if stages.samples == 1 else "s"
    print(
        f"{stages.samples} {task.data_name}{plural} in {stages.end_to_end:.3f} s, of which the network took "
        f"{stages.inference:.3f} s",
        file=sys.stderr,
    )
    for line in diagnosis.lines() if diagnosis else ():
        print(line, file=sys.stderr)
    for sample, error in bad:
        print(f"skipped {sample.id}: {error}", file=sys.stderr)
    if bad:
        raise CheckFailedError(f"{len(bad)} of {asked} files could not be read")
    return console.OK


def _about(setting: Setting, task: Task) -> dict[str, Any]:
    model: Model = setting.model
    return {
        "model": model.id,
        "variant": model.variant,
        "ckpt": ", ".join(str(path) for path in setting.files()),
        "target": setting.target,
        "decoder": task.source_identity,
    } | ({"listed": task.listed} if task.listed else {})


def _skipped(bad: Sequence[Bad]) -> list[dict[str, str]]:
    return [{"id": sample.id, "reason": str(error)} for sample, error in bad]


def _in_order(
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
