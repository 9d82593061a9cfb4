"""requirements.txt of a model: a reference to a shared file, and by hand what is the model's own.

Names stand in the model's and the shared files; their bounds stand once, in requirements.txt of the repository, which
the shared files name as constraints.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from zoo.family import Family

SHARED = "requirements"
BOUNDS = "requirements.txt"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def shared_file(family: Family, root: Path) -> Path:
    """What every model of a framework needs."""
    return root / SHARED / f"{family.framework}.txt"


def shared_lines(family: Family, root: Path) -> list[str]:
    """The reference from a model's folder to the file of its framework."""
    return [f"-r {Path(os.path.relpath(shared_file(family, root), family.folder)).as_posix()}"]


def without_bounds(path: Path, root: Path) -> Iterator[str]:
    """The packages that a model's file, or a shared one, names without versions, and that have none in the bounds."""
    bounded = {_plain(name) for name, _ in _requirements(root / BOUNDS)}
    for name, rest in _requirements(path):
        if not rest and _plain(name) not in bounded:
            yield name


def _requirements(path: Path) -> Iterator[tuple[str, str]]:
    """(name, what stands behind it) of every package that a requirements file names."""
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.partition(" #")[0].strip()
        name = _NAME.match(text)
        if name:
            yield name[0], text[name.end() :].strip()


def _plain(name: str) -> str:
    """A package's name as pip compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()
