"""`zoo compare A B`: two models, variants, targets or dtypes side by side on a person's own files."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from utils.datasets.sample import Sample
from zoo import catalogue
from zoo.accuracy.choice import choose_target
from zoo.accuracy.sidebyside import Bad, SideBySide, side_by_side
from zoo.commands import console, flags
from zoo.commands.notice import captioned, weights_notice
from zoo.commands.pages import figure, keep_small, page
from zoo.commands.predicting import skipped, tell_skipped
from zoo.errors import CheckFailedError, ZooError
from zoo.inputs.files import is_video
from zoo.inputs.given import Samples, Unread
from zoo.references import data_folder
from zoo.running.setting import Setting
from zoo.task import Task
from zoo_core.files import write_json, write_text

_SHOWN = 40  # rows of the table, and figures of the page, beyond which only those that differ are shown


def main(argv: list[str] | None = None) -> int:
    """Run both; exit code 1 where a file could not be read."""
    parser = argparse.ArgumentParser(
        prog="zoo compare",
        description="Two models, variants, targets or dtypes on the same files: what each says, whether they agree, "
        "and how fast they are. Each uses the export that is found; export it first.",
    )
    parser.add_argument("a", metavar="MODEL", help="the first: domain/name, a variant behind it, or either alone")
    parser.add_argument("b", metavar="MODEL", help="the second; may be the same, with another target or dtype")
    parser.add_argument("--data_path", type=flags.place, help="as zoo multi takes it (default: the first one's demos)")
    parser.add_argument("--target", default="onnx", help="of both, or one for each with a comma between (onnx)")
    parser.add_argument("--dtype", default="float32", help="of both, or one for each with a comma between (float32)")
    parser.add_argument("--ckpt", help="of both, or one for each with a comma between (default: the export found)")
    parser.add_argument("--batch_size", type=flags.positive, default=8, help="rows a call (default 8)")
    parser.add_argument("--repeats", type=flags.positive, default=3, help="timed runs of each, in turns (default 3)")
    parser.add_argument("--json", type=Path, help="write everything to this file")
    parser.add_argument("--html", type=Path, help="write a page with what both drew to this file")
    return console.run(_compare, parser.parse_args(argv))


def _compare(args: argparse.Namespace) -> int:
    one, other = _settings(args)
    samples, found, bad = _given(one, other, args.data_path)
    done = side_by_side(one, other, found, args.repeats)
    bad = [*bad, *done.bad]
    if not done.samples:
        tell_skipped(bad)
        raise CheckFailedError(f"none of {len(bad)} files could be read")
    agreeing = {sample.id: done.agrees(sample.id) for sample in done.samples}
    _show(done, agreeing)
    if args.json:
        write_json(args.json, _plain(done, agreeing, bad))
    if args.html:
        write_text(args.html, _page(done, agreeing, args.html))
        print(f"written: {args.html}")
    tell_skipped(bad)
    del samples  # files that were fetched go now
    if bad:
        raise CheckFailedError(f"{len(bad)} of {len(bad) + len(done.samples)} files could not be read or used")
    return console.OK


def _settings(args: argparse.Namespace) -> tuple[Setting, Setting]:
    made = []
    each = (_two("--target", args.target), _two("--dtype", args.dtype), _two("--ckpt", args.ckpt or ""))
    for name, target, dtype, ckpt in zip((args.a, args.b), *each, strict=True):
        if dtype not in flags.DTYPES:
            raise ZooError(f"--dtype is {', '.join(flags.DTYPES)}, one or two of them; got '{dtype}'")
        family, variant = catalogue.find(name)
        model = family.variant(variant)
        file = Path(ckpt) if ckpt else None
        made.append(choose_target(Setting(model, ckpt=file, target=target, dtype=dtype, batch_size=args.batch_size)))
    one, other = made
    if len({(each.model.id, each.model.variant, each.target, each.dtype, each.ckpt) for each in made}) == 1:
        raise ZooError(f"{args.a} and {args.b} are the same on the same target; give another --target or --dtype")
    return one, other


def _two(flag: str, text: str) -> tuple[str, str]:
    """What a flag says of each of the two."""
    names = [name.strip() for name in text.split(",")]
    if len(names) > 2 or (len(names) == 2 and not all(names)):
        raise ZooError(f"{flag} is one for both, or two with a comma between; got '{text}'")
    return names[0], names[-1]


def _given(one: Setting, other: Setting, path: str | Path | None) -> tuple[Samples, list[Sample], list[Bad]]:
    """The samples that both are run on, and what could not be read."""
    task: Task = one.model.task
    if not set(task.suffixes) & set(other.model.task.suffixes):
        raise ZooError(
            f"{one.model.id} takes {' '.join(task.suffixes)}, and {other.model.id} takes "
            f"{' '.join(other.model.task.suffixes)}: there is no file for both"
        )
    samples = Samples(task, timeout=one.timeout)
    text = str(path or one.model.demo_folder())
    text = str(data_folder(one.model, text)) if text in ("sample", "reference") else text
    files = samples.files.named(text) or samples.files.matching(text)
    if not files:
        raise ZooError(f"{text}: there is no such folder, file or pattern; give one with --data_path")
    if any(is_video(task, file.path) for file in files):
        raise ZooError("zoo compare takes no videos; give pictures, or a folder of frames")
    found: list[Sample] = []
    bad: list[Bad] = []
    for file in files:
        for sample in samples.within(file):
            if isinstance(sample, Unread):
                bad.append((Sample(sample.id, file.path), sample.error))
            else:
                found.append(Sample(sample.id, sample.data))
    return samples, found, bad


def _names(done: SideBySide) -> tuple[str, str]:
    """What tells the two apart."""
    one, other = done.one.setting, done.other.setting
    names = []
    alike = one.model.variant == other.model.variant and one.model.id != other.model.id
    for setting in (one, other):
        parts = [setting.model.id if alike else setting.model.variant]
        parts += [setting.target] if one.target != other.target else []
        parts += [setting.dtype] if one.dtype != other.dtype else []
        names.append(" ".join(parts))
    return names[0], names[1] if names[1] != names[0] else f"{names[1]} (2)"


def _said(done: SideBySide, sample: str) -> tuple[str, str]:
    both = (done.one, done.other)
    first, second = (side.setting.task().describe(side.found[sample], side.setting.topk) for side in both)
    return first, second


def _chosen(done: SideBySide, agreeing: dict[str, bool | None]) -> list[Sample]:
    """All samples where they are few, else those on which the two differ."""
    if len(done.samples) <= _SHOWN:
        return list(done.samples)
    return [sample for sample in done.samples if agreeing[sample.id] is not True][:_SHOWN]


def _show(done: SideBySide, agreeing: dict[str, bool | None]) -> None:
    names, words = _names(done), {True: "yes", False: "NO", None: "–"}
    rows = [(sample.id, *_said(done, sample.id), words[agreeing[sample.id]]) for sample in _chosen(done, agreeing)]
    console.table(f"{names[0]} | {names[1]}", ("sample", *names, "same"), rows)
    if len(rows) < len(done.samples):
        print(f"shown are {len(rows)} of {len(done.samples)} samples, on which the two differ")
    print(_summary(done, agreeing))
    for notice in dict.fromkeys(weights_notice(side.setting) for side in (done.one, done.other)):
        if notice:
            print(notice)


def _summary(done: SideBySide, agreeing: dict[str, bool | None]) -> str:
    names = _names(done)
    same = done.comparable or f"{sum(one is True for one in agreeing.values())} of {len(agreeing)} are the same"
    return (
        f"{same}; {names[0]}: {done.one.speed:.1f} samples/s, {names[1]}: {done.other.speed:.1f} samples/s, "
        f"{done.ratio:.2f} times as fast (median of {len(done.one.speeds)} runs in turns, end to end)"
    )


def _plain(done: SideBySide, agreeing: dict[str, bool | None], bad: Sequence[Bad]) -> dict[str, Any]:
    """What stands in --json."""
    both = (done.one, done.other)
    return {
        "sides": [
            {
                "model": side.setting.model.id,
                "variant": side.setting.model.variant,
                "target": side.setting.target,
                "dtype": side.setting.dtype,
                "samples_a_second": side.speed,
                "runs": list(side.speeds),
                "notice": weights_notice(side.setting),
            }
            for side in both
        ],
        "ratio": done.ratio,
        "incomparable": done.comparable,
        "samples": [
            {
                "id": sample.id,
                "same": agreeing[sample.id],
                "sides": [
                    side.setting.task().to_json(side.found[sample.id]) | {"said": said}
                    for side, said in zip(both, _said(done, sample.id), strict=True)
                ],
            }
            for sample in done.samples
        ],
        "skipped": skipped(bad),
    }


def _page(done: SideBySide, agreeing: dict[str, bool | None], file: Path) -> str:
    """Both drawings of each sample side by side; their files go to a folder beside the page."""
    names, folder = _names(done), file.with_name(f"{file.stem}_files")
    sections = [f"<p>{escape(_summary(done, agreeing))}</p>"]
    for number, sample in enumerate(_chosen(done, agreeing)):
        title = f"{sample.id}{'' if agreeing[sample.id] is not False else ': they differ'}"
        figures = []
        sides = zip((done.one, done.other), names, _said(done, sample.id), "ab", strict=True)
        for side, name, said, letter in sides:
            drawn = side.setting.task().draw(sample.data, side.found[sample.id])
            kept = keep_small(captioned(drawn, weights_notice(side.setting)), folder, f"{number}_{letter}")
            figures.append(figure(f"{folder.name}/{kept}" if kept else "", name, said))
        sections.append(f"<h2>{escape(title)}</h2>{''.join(figures)}")
    return page(f"{names[0]} and {names[1]}", sections)
