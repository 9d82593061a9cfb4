"""example_single_batch.py and example_multi_batch.py: prediction of a file, of a folder, and of what is typed."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from utils.datasets.folder import files_in
from utils.datasets.sample import Sample
from utils.text_file import lines_in
from zoo.commands import console, flags
from zoo.commands.own import add_own_flags, owned
from zoo.commands.predicting import Bad, Given, Output, Predicted, pictures, predict
from zoo.commands.stream import Stream
from zoo.errors import ZooError
from zoo.family import Family
from zoo.inputs.files import PDF, STDIN, File, is_video
from zoo.inputs.given import Samples, Unread
from zoo.references import data_folder
from zoo.running.setting import Setting, dataset_of
from zoo.task import Task
from zoo_core.files import write_json


def single(family: Family, argv: list[str] | None = None) -> int:
    """example_single_batch.py: one file, or what --text says."""

    def job(args: argparse.Namespace) -> int:
        typed = _typed(args)
        setting, output = owned(family, flags.setting_of(family, args), args), _output(args)
        setting = asked(setting, typed)
        typed = typed if setting.model.task.words_help is None else []
        if typed and args.data_path:
            raise ZooError("--text and --data_path both say what to run the network on; give one of them")
        if typed:
            return predict_typed(setting, typed, output)
        return predict_file(setting, args.data_path, output, _windows(args))

    console.end_at_once()
    prog = flags.called("single", family, argv)
    return console.told(lambda: console.run(job, single_parser(family, prog).parse_args(argv)))


def single_parser(family: Family, prog: str | None = None) -> argparse.ArgumentParser:
    """The flags of example_single_batch.py."""
    task = family.variant().task
    made = _parser(family, prog, f"Run {family.title} on one {task.data_name}.", batch_size=1)
    if task.text_help:
        made.add_argument("--text", action="append", help=f"{task.text_help}; may be given several times")
    return _whole(made)


def _whole(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """A parser that has all its flags: its help is as wide as the terminal."""
    parser.formatter_class = argparse.HelpFormatter
    return parser


def _output(args: argparse.Namespace) -> Output:
    return Output(args.json, args.save_dir, frames=args.frames)


def _windows(args: argparse.Namespace) -> bool:
    """What --windows says, where there is such a flag."""
    return bool(getattr(args, "windows", False))


def _typed(args: argparse.Namespace) -> list[str]:
    """What --text says; "-" stands for the lines of standard input."""
    given: list[str] = getattr(args, "text", None) or []
    if STDIN not in given:
        return given
    if len(given) > 1 or str(args.data_path) == STDIN:
        raise ZooError("--text - takes what comes on standard input, and stands alone")
    try:
        lines = [line for line in lines_in(sys.stdin.buffer.read().decode("utf-8-sig")) if line.strip()]
    except UnicodeDecodeError as error:
        raise ZooError(f"standard input is not UTF-8 (byte 0x{error.object[error.start]:02x})") from error
    if not lines:
        raise ZooError("--text -: standard input has no line")
    return lines


def asked(setting: Setting, words: Sequence[str]) -> Setting:
    """The setting of a network that is asked what --text says, where that is what it says."""
    if setting.model.task.words_help is None or not words:
        return setting
    return setting.but(model=replace(setting.model, task=setting.model.task.worded(words)))


def multi(family: Family, argv: list[str] | None = None) -> int:
    """example_multi_batch.py: every file of a folder, recursively, in sorted order."""

    def job(args: argparse.Namespace) -> int:
        setting = asked(owned(family, flags.setting_of(family, args), args), _typed(args))
        return predict_folder(setting, args.data_path, _output(args), _windows(args))

    prog = flags.called("multi", family, argv)
    return console.told(lambda: console.run(job, multi_parser(family, prog).parse_args(argv)))


def multi_parser(family: Family, prog: str | None = None) -> argparse.ArgumentParser:
    """The flags of example_multi_batch.py."""
    description = f"Run {family.title} on every {family.variant().task.data_name} of a folder."
    return _whole(_parser(family, prog, description, batch_size=8))


def _parser(family: Family, prog: str | None, description: str, batch_size: int) -> argparse.ArgumentParser:
    # argparse formats each flag that is added, to check it; with a width it need not ask the terminal for one each time
    unasked = partial(argparse.HelpFormatter, width=80)
    parser = argparse.ArgumentParser(prog=prog, description=description, formatter_class=unasked)
    flags.add_shared_flags(parser, batch_size)
    flags.add_device_flags(parser)
    flags.add_token_budget(parser, family)
    flags.add_writing_flags(parser, family)
    add_own_flags(parser, family)
    if words_help := family.variant().task.words_help:
        parser.add_argument("--text", action="append", help=f"{words_help}; give it several times")
    if (window := family.variant().task.window) is not None:
        parser.add_argument(
            "--windows",
            type=flags.boolean,
            default=False,
            metavar="True|False",
            help=f"a longer recording is several samples of {window:g} s (default: one, of which a part is heard)",
        )
    parser.add_argument("--frames", type=flags.positive, help="of a video or a camera, at most so many frames")
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
    return _predict(setting, _streamed(task, Given(samples, {sample.id: sample.id for sample in samples})), output)


def predict_file(setting: Setting, path: str | Path | None, output: Output, windows: bool = False) -> int:
    """Predict one file: the model's first demo by default, the first of its sample data where the path is "sample"."""
    model = setting.model
    if str(path) == "sample":
        first = dataset_of(setting, "sample")[0]
        given = Given([Sample(first.id, first.data)], {first.id: Path(first.id).name})
    else:
        samples = Samples(model.task, windows, setting.timeout)
        text = str(path or files_in(model.demo_folder(), model.task.suffixes)[0])
        given = _given(model.task, samples, [_one(samples, text)], output)
        rows = len(given.samples) + len(given.bad) > 1 and given.tolerant
        if given.bad and not rows:
            raise given.bad[0][1]
        given = replace(given, tolerant=rows)
    return _predict(setting, _streamed(model.task, given), output)


def _one(samples: Samples, text: str) -> File:
    """The file that is named, at an address, on standard input, or the only one that a pattern means."""
    if text == STDIN:
        return samples.files.read(sys.stdin.buffer)
    if os.path.isdir(text):
        raise ZooError(f"{text} is a folder; give one file, or use example_multi_batch.py for folders")
    found = samples.files.named(text) or samples.files.matching(text)
    if not found:
        raise ZooError(f"no file {text}; give one with --data_path")
    if len(found) > 1:
        raise ZooError(f"{len(found)} files match {text}; give one, or use example_multi_batch.py for several")
    return found[0]


def _streamed(task: Task, given: Given) -> Given:
    """A single text that is written is told as it comes."""
    alone = task.writing is not None and len(given.samples) == 1
    return replace(given, stream=Stream(given.samples[0].id)) if alone else given


def predict_folder(setting: Setting, path: str | Path | None, output: Output, windows: bool = False) -> int:
    """Predict every file of a folder: the model's demos by default. Files that cannot be read are named and passed
    over, and the exit code is 1 then."""
    model = setting.model
    samples = Samples(model.task, windows, setting.timeout)
    text = str(path or model.demo_folder())
    text = str(data_folder(model, text)) if text in ("sample", "reference") else text
    if os.path.isdir(text):
        save_dir = output.save_dir
        if save_dir and _real(save_dir).is_relative_to(_real(text)):
            raise ZooError(f"--save_dir {save_dir} lies in the folder that is read; choose one outside of {text}")
    found = [samples.files.read(sys.stdin.buffer)] if text == STDIN else samples.files.named(text)
    found = found or samples.files.matching(text)
    if not found:
        raise ZooError(f"{text}: there is no such folder, file or pattern; give one with --data_path")
    return _predict(setting, replace(_given(model.task, samples, found, output), tolerant=True), output)


def _given(task: Task, samples: Samples, files: Sequence[File], output: Output) -> Given:
    """What the files hold; ids begin with the name by which the person knows them.

    Raises:
        ZooError: videos stand beside other files, or a picture would overwrite a file that is read.
    """
    videos = [file for file in files if is_video(task, file.path)]
    if videos and len(videos) < len(files):
        raise ZooError(f"{len(videos)} of {len(files)} files are videos; run them apart from the others")
    if videos:
        return Given([], {}, videos=videos, files=samples.files)
    found: list[Sample] = []
    bad: list[Bad] = []
    names: dict[str, str] = {}
    for file in files:
        for one in samples.within(file):
            if isinstance(one, Unread):
                bad.append((Sample(one.id, file.path), one.error))
            else:
                found.append(Sample(one.id, one.data))
                own = one.id.startswith(file.name)
                names[one.id] = file.drawn + one.id.removeprefix(file.name) if own else one.id
    _require_places(pictures(task, output.save_dir, names), files)
    several = any(file.column is not None or file.path.suffix.lower() == PDF for file in files)
    return Given(found, names, bad, tolerant=several, files=samples.files)


def _require_places(places: Mapping[str, Path], files: Sequence[File]) -> None:
    """Raise ZooError where a picture would take the place of a file that is read, or of another sample's picture."""
    if not places:
        return
    read = {_real(file.path) for file in files}
    owners: dict[Path, str] = {}
    for one, picture in places.items():
        if _real(picture) in read:
            raise ZooError(f"--save_dir would overwrite {picture} itself, which is read; choose another folder")
        if picture in owners:
            raise ZooError(
                f"--save_dir: the pictures of {owners[picture]} and of {one} would both be {picture}; rename one of "
                "these files, or give them apart"
            )
        owners[picture] = one


def _real(path: str | Path) -> Path:
    """Where a path leads, as far as it can be followed: of links in a circle, the path itself."""
    return Path(os.path.realpath(path))


def _predict(setting: Setting, given: Given, output: Output) -> int:
    """Predict on the target, or on several with a table at the end; --json then holds a list."""
    if output.frames and not given.videos:
        raise ZooError("--frames is for a video or a camera, and what was given is neither")
    names = flags.targets_in(setting.target)
    run: Callable[..., Predicted] = predict
    if given.videos:
        from zoo.commands.video import predict_videos

        run = predict_videos
    what: Any = given.videos or given
    if len(names) == 1:
        run(setting, what, output).require_read()
        return console.OK
    kept: list[dict[str, Any]] = []
    every: list[Predicted] = []
    for name in names:
        print(f"target {name}", flush=True)
        every.append(run(setting.but(target=name), what, output.of(name, kept)))
    rows = [_row(done, every[0]) for done in every]
    console.table(setting.model.id, ("target", "dtype", ">samples/s", f">as {names[0]} says"), rows)
    if output.json:
        write_json(output.json, kept)
    every[0].require_read()
    return console.OK


def _row(done: Predicted, first: Predicted) -> tuple[str, ...]:
    task = done.setting.task()
    both = [(first.found[one], done.found[one]) for one in done.found if one in first.found]
    same = sum(task.agreement(one, other) for one, other in both)
    agree = f"{same}/{len(both)}" if both else "–"
    return done.setting.target, done.setting.dtype, f"{done.stages.throughput():.1f}", agree
