"""Prediction of single files and of folders: what example_single_batch.py and example_multi_batch.py do."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from utils.datasets.folder import files_in
from utils.datasets.sample import Sample
from utils.errors import DataError
from utils.files import atomic_write

from . import cli, console
from .diagnosis import diagnose
from .errors import CheckFailedError, ZooError
from .model import Model, Task
from .pipeline import Stages, predictions

_TELLING_SECONDS = 1.0  # a shorter run is mostly start-up, and says nothing of what limits it


def single(model: Model, argv: list[str] | None = None) -> int:
    """example_single_batch.py: one file."""
    args = _parser(model, f"Run {model.title} on one {model.task.data_name}.", batch_size=1).parse_args(argv)

    def job(args: argparse.Namespace) -> int:
        if str(args.data_path) == "sample":
            path = model.task.dataset(model.data("sample"))[0].data
        else:
            path = args.data_path or files_in(model.demos(), model.task.suffixes)[0]
        if path.is_dir():
            raise ZooError(f"{path} is a folder; give one file, or use example_multi_batch.py for folders")
        if not path.is_file():
            raise ZooError(f"no file {path}; give one with --data_path")
        pictures = {str(path): picture for picture in _pictures(args.save_dir, [path.name]).values()}
        if any(picture.resolve() == path.resolve() for picture in pictures.values()):
            raise ZooError(f"--save_dir {args.save_dir} would overwrite {path} itself; choose another folder")
        return _predict(model, args, [Sample(str(path), path)], pictures, skip_bad=False)

    return console.run(job, args)


def multi(model: Model, argv: list[str] | None = None) -> int:
    """example_multi_batch.py: every file of a folder, recursively, in sorted order."""
    args = _parser(model, f"Run {model.title} on every {model.task.data_name} of a folder.", batch_size=8).parse_args(
        argv
    )

    def job(args: argparse.Namespace) -> int:
        folder = model.data(args.data_path) if args.data_path else model.demos()
        files = files_in(folder, model.task.suffixes)
        if args.save_dir and args.save_dir.resolve().is_relative_to(folder.resolve()):
            raise ZooError(
                f"--save_dir {args.save_dir} lies in the folder that is read; choose one outside of {folder}"
            )
        names = [path.relative_to(folder).as_posix() for path in files]
        samples = [Sample(name, path) for name, path in zip(names, files, strict=True)]
        return _predict(model, args, samples, _pictures(args.save_dir, names), skip_bad=True)

    return console.run(job, args)


def _parser(model: Model, description: str, batch_size: int) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    cli.add_shared_flags(parser, batch_size)
    parser.add_argument("--json", type=Path, help="write the predictions to this file")
    parser.add_argument("--save_dir", type=Path, help="write an annotated picture a sample to this folder")
    return parser


def _pictures(save_dir: Path | None, names: Sequence[str]) -> dict[str, Path]:
    """Where the annotated picture of each file goes: a.png stays a.png, a.jpg becomes a.jpg.png."""
    if save_dir is None:
        return {}
    return {name: save_dir / (name if name.lower().endswith(".png") else f"{name}.png") for name in names}


def _predict(
    model: Model, args: argparse.Namespace, samples: Sequence[Sample], pictures: Mapping[str, Path], skip_bad: bool
) -> int:
    """Predict, print, draw and write; unreadable files are reported, left out, and make the exit code 1."""
    task = cli.task_of(model, args)
    bad: list[tuple[Sample, DataError]] = []
    records: list[dict[str, Any]] = []
    stages = Stages()
    total = -(-len(samples) // args.batch_size)
    with cli.open_engine(model, args, total) as engine:
        found = predictions(
            task,
            engine,
            samples,
            args.batch_size,
            stages,
            workers=args.workers,
            skip_postprocess=args.skip_postprocess,
            on_bad=(lambda sample, error: bad.append((sample, error))) if skip_bad else None,
        )
        bar = console.progress(found, total, "predicting", "batch") if total > 1 else found
        for batch, batch_predictions in bar:
            for sample, prediction in zip(batch, batch_predictions, strict=not args.skip_postprocess):
                print(f"{sample.id}: {task.describe(prediction, args.topk)}")
                records.append(_record(task, sample, prediction, pictures.get(sample.id)))
        diagnosis = diagnose(engine, stages) if stages.end_to_end > _TELLING_SECONDS else None
    if args.json:
        console.write_json(
            args.json,
            {
                "model": model.id,
                "ckpt": str(cli.ckpt_of(model, args)),
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
        raise CheckFailedError(f"{len(bad)} of {len(samples)} files could not be read")
    return console.OK


def _record(task: Task, sample: Sample, prediction: Any, picture: Path | None) -> dict[str, Any]:
    record = {"id": sample.id} | task.to_json(prediction)
    if picture:
        with atomic_write(picture) as temporary:
            task.draw(sample.data, prediction).save(temporary, format="PNG")
        record["picture"] = str(picture)
    return record
