"""requirements.txt of a model: a reference to a shared file, and by hand what is the model's own.

Names stand in the model's and the shared files; their bounds stand once, in requirements.txt of the repository, which
the shared files name as constraints.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from zoo.family import Family

SHARED = "requirements"
RUN = "requirements/run.txt"
BOUNDS = "requirements.txt"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def shared_file(family: Family, root: Path) -> Path:
    """What every model of a framework needs."""
    return root / SHARED / f"{family.framework}.txt"


def shared_lines(family: Family, root: Path) -> list[str]:
    """The reference from a model's folder to the file of its framework."""
    return [f"-r {Path(os.path.relpath(shared_file(family, root), family.folder)).as_posix()}"]


def model_file(family: Family, root: Path, packages: Sequence[str]) -> str:
    """requirements.txt of a new model.

    Args:
        family: the model.
        root: the repository.
        packages: what the model itself needs; what the shared file names is left out.
    """
    shared = {_plain(name) for file in (shared_file(family, root), root / RUN) for name, _ in _requirements(file)}
    own = [package for package in packages if _plain(package) not in shared]
    return "\n".join(["# zoo: shared", *shared_lines(family, root), "# /zoo", *own, ""])


def without_bounds(path: Path, root: Path) -> Iterator[str]:
    """The packages that a model's file, or a shared one, names without versions, and that have none in the bounds."""
    bounded = {_plain(name) for name, _ in _requirements(root / BOUNDS)}
    for name, rest in _requirements(path):
        if not rest and _plain(name) not in bounded:
            yield name


def _requirements(path: Path) -> Iterator[tuple[str, str]]:
    """(name, what stands behind it) of every package that a requirements file names."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    for line in text.splitlines():
        told = line.partition(" #")[0].strip()
        name = _NAME.match(told)
        if name:
            yield name[0], told[name.end() :].strip()


def _plain(name: str) -> str:
    """A package's name as pip compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()
