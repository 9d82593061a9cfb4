"""Which models a change touches, and why: asks git what changed, and the imports what that reaches."""

from __future__ import annotations

import fnmatch
import hashlib
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from zoo.contributing import yaml_file
from zoo.contributing.check import imports, schema, workspace
from zoo.contributing.check.schema import Case
from zoo.errors import ZooError

CONFIG = "model_config/model.yaml"
MORE = 10  # models that are drawn from those which only shared code reached, beside one a task


class Reason(NamedTuple):
    """Why a folder is checked. own: whether the folder or its case changed, and not only what it shares with others."""

    text: str
    own: bool


def since(root: Path, reference: str) -> list[str]:
    """The files that differ from where this branch left `reference`: committed, not committed, and new ones.

    Raises ZooError if this is no git repository, or has no such reference.
    """
    base = base_of(root, reference)
    changed = _git(root, "diff", "--name-only", "--no-renames", "-z", base, "--").split("\0")
    new = _git(root, "ls-files", "--others", "--exclude-standard", "-z").split("\0")
    return sorted({name for name in [*changed, *new] if name})


def base_of(root: Path, reference: str) -> str:
    """The commit at which this branch left `reference`."""
    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}").strip()
    return _git(root, "merge-base", commit, "HEAD").strip()


def _git(root: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise ZooError("--changed-since needs git, which is not installed") from error
    if done.returncode:
        reason = done.stderr.strip() or f"git {words[0]} found nothing"
        raise ZooError(f"--changed-since cannot tell what changed in {root}: {reason}; fetch the branch, or use --all")
    return done.stdout


def reasons(
    root: Path, changed: Sequence[str], run_dirs: Sequence[str], touched_cases: Mapping[str, str]
) -> dict[str, Reason]:
    """Why each of the folders `run_dirs` has to be checked; folders that nothing touches are left out.

    Args:
        root: the repository.
        changed: its files that differ.
        run_dirs: the folders.
        touched_cases: folder → why, for cases of model.yaml that changed.
    """
    contrib = root / "contrib"
    shared = {
        imports.module_of(contrib.parent / name, contrib): name
        for name in changed
        if PurePosixPath(name).parts[:1] == ("contrib",) and PurePosixPath(name).parts[1] in imports.ROOMS
    }
    at_root = [name for name in changed if "/" not in name]
    for_all = [name for name in at_root if any(fnmatch.fnmatch(name, pattern) for pattern in workspace.FOR_ALL)]
    found = {}
    for run_dir in run_dirs:
        own = _own(run_dir, changed) or touched_cases.get(run_dir, "")
        why = (
            own
            or (f"{for_all[0]} changed" if for_all else "")
            or _through_others(root, run_dir, changed)
            or _through_requirements(root, run_dir, changed)
            or _through_imports(root / run_dir, contrib, shared)
        )
        if why:
            found[run_dir] = Reason(why, bool(own))
    return found


def representatives(root: Path, why: Mapping[str, Reason], commit: str, more: int = MORE) -> set[str]:
    """Which folders are run: all that changed themselves, and some of those that only shared code reached.

    Of the latter one for each task, and `more` others. Which ones depends on the commit, so that a run can be repeated,
    and over time every model is drawn.

    Args:
        root: the repository.
        why: the folders that a change touches.
        commit: anything that names the state of the repository.
        more: how many beside one a task.
    """
    drawn = {run_dir for run_dir, reason in why.items() if reason.own}
    seed = lambda run_dir: hashlib.sha256(f"{commit} {run_dir}".encode()).digest()  # noqa: E731
    shared = sorted(why.keys() - drawn, key=seed)
    first: dict[str, str] = {}
    for run_dir in shared:
        first.setdefault(_task(root, run_dir), run_dir)
    rest = [run_dir for run_dir in shared if run_dir not in first.values()]
    return drawn | {*first.values(), *rest[:more]}


def _task(root: Path, run_dir: str) -> str:
    """The tasks that the folder's own code names; its domain where it names none."""
    ways = imports.reach(root / run_dir, root / "contrib")
    named = sorted(module for module, way in ways.items() if module.startswith("zoo.tasks.") and len(way) == 2)
    return " ".join(named) or PurePosixPath(run_dir).parent.name


def head(root: Path) -> str:
    """The commit that the repository is at."""
    return _git(root, "rev-parse", "HEAD").strip()


def _through_others(root: Path, run_dir: str, changed: Sequence[str]) -> str:
    others = [folder.relative_to(root).as_posix() for folder in workspace.others_of(root, run_dir)]
    touched = [name for name in changed if any(PurePosixPath(name).is_relative_to(one) for one in others)]
    return f"{touched[0]} changed, of a model that it is made of" if touched else ""


def _through_requirements(root: Path, run_dir: str, changed: Sequence[str]) -> str:
    named = [path.relative_to(root).as_posix() for path in workspace.requirements(root, run_dir)]
    touched = [name for name in named if name in changed]
    return f"{touched[0]} changed, which its requirements name" if touched else ""


def _own(run_dir: str, changed: Sequence[str]) -> str:
    own = [name for name in changed if PurePosixPath(name).is_relative_to(run_dir)]
    more = f" and {len(own) - 1} more" if len(own) > 1 else ""
    return f"its own {PurePosixPath(own[0]).relative_to(run_dir)}{more} changed" if own else ""


def _through_imports(folder: Path, contrib: Path, shared: Mapping[str, str]) -> str:
    if not shared:
        return ""
    ways = imports.reach(folder, contrib)
    reached = sorted((ways[module] for module in shared if module in ways), key=len)
    return f"{shared[reached[0][-1]]} changed, imported by {' → '.join(reached[0])}" if reached else ""


def touched_cases(root: Path, reference: str, cases: Sequence[Case]) -> dict[str, str]:
    """Folder → why, for every case that is not the same in the model.yaml of `reference`."""
    try:
        text = _git(root, "show", f"{base_of(root, reference)}:{CONFIG}")
        before = schema.validate(yaml_file.parse(text, Path(CONFIG)))
    except ZooError:
        before = []  # there was none, or one that cannot be read: every case is new
    return {
        case.run_dir: f"its case {case.case_name} in {CONFIG} is new or changed" for case in cases if case not in before
    }
