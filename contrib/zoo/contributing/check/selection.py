"""Which cases a check runs, and why."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zoo.contributing.check import changes, structure
from zoo.contributing.check.schema import Case
from zoo.errors import ZooError
from zoo_core.numbers import is_whole


@dataclass(frozen=True)
class Selection:
    """What is checked.

    Args:
        run: (case, why), in the order of model.yaml.
        look: folder → why, where only the structure is looked at: models without a case, and those that shared code
            reached and that were not drawn.
    """

    run: list[tuple[Case, str]] = field(default_factory=list)
    look: dict[str, str] = field(default_factory=dict)

    def shard(self, number: int, of: int) -> Selection:
        """Part `number`, from 1, of `of`; together they hold everything once, whoever computes them."""
        return Selection(self.run[number - 1 :: of], dict(list(self.look.items())[number - 1 :: of]))


def shard(text: str) -> tuple[int, int]:
    """i/n, as behind --shard."""
    number, _, of = text.partition("/")
    if not (is_whole(number) and is_whole(of) and 1 <= int(number) <= int(of)):
        raise argparse.ArgumentTypeError(f"i/n, such as 1/4 to 4/4; got {text!r}")
    return int(number), int(of)


def select(args: argparse.Namespace, root: Path, cases: Sequence[Case]) -> Selection:
    """What the flags ask for. Raises ZooError where there is no such case, model or reference."""
    if args.case:
        chosen = Selection([(_named(name, cases), "asked for by name") for name in args.case])
    else:
        chosen = _by_folder(args, root, cases)
    return chosen.shard(*args.shard) if args.shard else chosen


def _by_folder(args: argparse.Namespace, root: Path, cases: Sequence[Case]) -> Selection:
    folders = _folders(root, cases)
    if args.changed_since is not None:
        return _changed(args.changed_since, root, cases, folders)
    if args.model:
        why = {folder: "asked for by model" for model in args.model for folder in _of_model(model, folders)}
    else:
        why = dict.fromkeys(folders, "all are checked")
    return _split(why, {}, cases)


def _changed(reference: str, root: Path, cases: Sequence[Case], folders: Sequence[str]) -> Selection:
    """The models that changed themselves, and representatives of those that only shared code reached."""
    touched = changes.touched_cases(root, reference, cases)
    why = changes.reasons(root, changes.since(root, reference), folders, touched)
    drawn = changes.representatives(root, why, changes.head(root))
    left = len(why) - len(drawn)
    return _split(
        {folder: reason.text for folder, reason in why.items() if folder in drawn},
        {
            folder: f"only its structure, {left} of {len(why)} models were not drawn: {reason.text}"
            for folder, reason in why.items()
            if folder not in drawn
        },
        cases,
    )


def _split(why: Mapping[str, str], look: Mapping[str, str], cases: Sequence[Case]) -> Selection:
    with_case = {case.run_dir for case in cases}
    run = [(case, why[case.run_dir]) for case in cases if case.run_dir in why]
    return Selection(run, {**{folder: text for folder, text in why.items() if folder not in with_case}, **look})


def _named(name: str, cases: Sequence[Case]) -> Case:
    for case in cases:
        if case.case_name == name:
            return case
    raise ZooError(f"there is no case '{name}'; there are: {', '.join(case.case_name for case in cases)}")


def _folders(root: Path, cases: Sequence[Case]) -> list[str]:
    """Every model's folder: those of the cases, and those in contrib/example that hold a README or a script."""
    found = [
        path.relative_to(root).as_posix()
        for path in root.glob("contrib/example/*/*")
        if path.is_dir() and any((path / name).is_file() for name in structure.REQUIRED)
    ]
    return sorted({*found, *(case.run_dir for case in cases)})


def _of_model(model: str, folders: Sequence[str]) -> list[str]:
    found = [folder for folder in folders if folder.endswith(f"/{model}")]
    if not found:
        known = ", ".join("/".join(folder.split("/")[-2:]) for folder in folders)
        raise ZooError(f"there is no model '{model}'; there are: {known}")
    return found
