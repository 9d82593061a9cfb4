"""Prediction of single files and of folders: what example_single_batch.py and example_multi_batch.py do."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from utils.datasets.folder import files_in
from utils.datasets.sample import Sample
from zoo.commands import console, flags
from zoo.errors import CheckFailedError, ZooError
from zoo.model import Model
from zoo.running.diagnosis import diagnose
from zoo.running.padding import arranged
from zoo.running.pipeline import Stages, predictions
from zoo.task import Task
from zoo_core.errors import DataError
from zoo_core.files import atomic_write

_TELLING_SECONDS = 1.0  # a shorter run is mostly start-up, and says nothing of what limits it


Bad = tuple[Sample, DataError]


def single(model: Model, argv: list[str] | None = None) -> int:
    """example_single_batch.py: one file, or what --text says."""
    parser = _parser(model, f"Run {model.title} on one {model.task.data_name}.", batch_size=1)
    if model.task.text_help:
        parser.add_argument("--text", action="append", help=f"{model.task.text_help}; may be given several times")
    args = parser.parse_args(argv)

    def job(args: argparse.Namespace) -> int:
        chosen = model.as_variant(args.variant)
        samples = _typed(chosen, args) if getattr(args, "text", None) else _of_one_file(chosen, args)
        pictures = _pictures(chosen.task, args.save_dir, {sample.id: Path(sample.id).name for sample in samples})
        if any(picture.resolve() == Path(args.data_path or "").resolve() for picture in pictures.values()):
            raise ZooError(f"--save_dir {args.save_dir} would overwrite {args.data_path} itself; choose another folder")
        return _predict(chosen, args, samples, pictures, [])

    return console.run(job, args)


def _typed(model: Model, args: argparse.Namespace) -> list[Sample]:
    if args.data_path:
        raise ZooError("--text and --data_path both say what to run the network on; give one of them")
    return [Sample(f"text {number}", model.task.from_text(text)) for number, text in enumerate(args.text, start=1)]


def _of_one_file(model: Model, args: argparse.Namespace) -> list[Sample]:
    if str(args.data_path) == "sample":
        first = model.task.dataset(model.data("sample"))[0]
        return [Sample(first.id, first.data)]
    path = args.data_path or files_in(model.demos(), model.task.suffixes)[0]
    if path.is_dir():
        raise ZooError(f"{path} is a folder; give one file, or use example_multi_batch.py for folders")
    if not path.is_file():
        raise ZooError(f"no file {path}; give one with --data_path")
    return _samples_in(model.task, path, str(path))


def multi(model: Model, argv: list[str] | None = None) -> int:
    """example_multi_batch.py: every file of a folder, recursively, in sorted order."""
    args = _parser(model, f"Run {model.title} on every {model.task.data_name} of a folder.", batch_size=8).parse_args(
        argv
    )

    def job(args: argparse.Namespace) -> int:
        chosen = model.as_variant(args.variant)
        folder = chosen.data(args.data_path) if args.data_path else chosen.demos()
        files = files_in(folder, chosen.task.suffixes)
        if args.save_dir and args.save_dir.resolve().is_relative_to(folder.resolve()):
            raise ZooError(
                f"--save_dir {args.save_dir} lies in the folder that is read; choose one outside of {folder}"
            )
        samples: list[Sample] = []
        bad: list[Bad] = []
        for path in files:
            name = path.relative_to(folder).as_posix()
            try:
                samples += _samples_in(chosen.task, path, name)
            except DataError as error:
                bad.append((Sample(name, path), error))
        pictures = _pictures(chosen.task, args.save_dir, {sample.id: sample.id for sample in samples})
        return _predict(chosen, args, samples, pictures, bad, skip_bad=True)

    return console.run(job, args)


def _samples_in(task: Task, path: Path, name: str) -> list[Sample]:
    """What `path` holds; ids begin with `name`, by which the person knows the file."""
    found = task.samples_in(path)
    return [Sample(name + sample.id.removeprefix(path.name), sample.data) for sample in found]


def _parser(model: Model, description: str, batch_size: int) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    flags.add_shared_flags(parser, batch_size)
    flags.add_device_flags(parser)
    flags.add_token_budget(parser, model)
    parser.add_argument("--json", type=Path, help="write the predictions to this file")
    parser.add_argument("--save_dir", type=Path, help="write an annotated picture a sample to this folder")
    return parser


def _pictures(task: Task, save_dir: Path | None, names: Mapping[str, str]) -> dict[str, Path]:
    """Where the picture of each sample (id to name) goes: a.png stays a.png, a.jpg becomes a.jpg.png."""
    if save_dir is None:
        return {}
    files = {one: name.replace(":", "_") for one, name in names.items()}
    suffix = task.picture_suffix
    return {one: save_dir / (name if name.lower().endswith(suffix) else name + suffix) for one, name in files.items()}


def _predict(
    model: Model,
    args: argparse.Namespace,
    samples: Sequence[Sample],
    pictures: Mapping[str, Path],
    bad: list[Bad],
    *,
    skip_bad: bool = False,
) -> int:
    """Predict, print, draw and write. Unreadable ones are reported, left out, and make the exit code 1; `bad` holds
    those that were found to be so before."""
    asked = len(samples) + len(bad)
    task = flags.task_of(model, args)
    records: list[dict[str, Any]] = []
    together: list[tuple[str, Any]] = []
    stages = Stages()
    total = max(-(-len(samples) // args.batch_size), 1)  # where no file could be read, there are none
    with flags.open_engine(model, args, total) as engine:
        found = predictions(
            task,
            engine,
            arranged(task, samples),
            args.batch_size,
            stages,
            workers=args.workers,
            skip_postprocess=args.skip_postprocess,
            on_bad=(lambda sample, error: bad.append((sample, error))) if skip_bad else None,
            token_budget=flags.token_budget(args),
            processes=args.processes,
        )
        bar = console.progress(found, total, "predicting", "batch") if total > 1 else found
        for sample, prediction in _in_order(task, samples, bar):
            print(f"{sample.id}: {task.describe(prediction, args.topk)}")
            records.append(_record(task, sample, prediction, pictures.get(sample.id)))
            together.append((sample.id, prediction))
        for line in task.compare(together):
            print(line)
        diagnosis = diagnose(engine, stages) if stages.end_to_end > _TELLING_SECONDS else None
    if args.json:
        console.write_json(
            args.json,
            {
                "model": model.id,
                "ckpt": str(flags.ckpt_of(model, args)),
                "target": args.target,
                "decoder": task.decoder,
                "predictions": records,
                "skipped": [{"id": sample.id, "reason": str(error)} for sample, error in bad],
            },
        )
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


def _in_order(
    task: Task, samples: Sequence[Sample], found: Iterable[tuple[list[Sample], list[Any]]]
) -> Iterator[tuple[Sample, Any]]:
    """Samples with their predictions, in the order of `samples`: at once, or at the end where lengths decided."""
    pairs = (pair for batch, batch_predictions in found for pair in zip(batch, batch_predictions, strict=False))
    if task.padding is None:
        return pairs
    place = {sample.id: index for index, sample in enumerate(samples)}
    return iter(sorted(pairs, key=lambda pair: place[pair[0].id]))


def _record(task: Task, sample: Sample, prediction: Any, picture: Path | None) -> dict[str, Any]:
    record = {"id": sample.id} | task.to_json(prediction)
    if picture:
        with atomic_write(picture) as temporary:
            task.draw(sample.data, prediction).save(temporary, format=task.picture_suffix.removeprefix(".").upper())
        record["picture"] = str(picture)
    return record
