"""The sweep itself: which names, what they are measured with, and row after row into the table."""

from __future__ import annotations

import fnmatch
import importlib
import shutil
import tempfile
from collections.abc import Container, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.text_file import read_lines
from zoo.contributing.check import imports, workspace
from zoo.contributing.sweep import one
from zoo.contributing.sweep.alone import Limits, Say, each_alone
from zoo.contributing.sweep.table import Row, Table
from zoo.errors import ZooError
from zoo.exporting.export import DEFAULT_OPSET
from zoo.family import Family
from zoo.libraries.listing import PACKAGES
from zoo.part import flat
from zoo.provenance import cpu_name, provenance, version_of
from zoo_core.hashing import facts_digest, sha256

# What every process of a framework imports first, and need not where it was imported before it was forked
_AHEAD = {
    "pytorch": ("torch", "torch.onnx", "torchvision", "onnx", "onnxruntime", "onnxsim", "onnxconverter_common"),
    "paddle": ("onnx", "onnxruntime", "onnxsim", "onnxconverter_common"),
}
_CONTRIB = Path(imports.__file__).resolve().parents[3]


@dataclass(frozen=True)
class Sweep:
    """What is asked for.

    Args:
        family: whose networks.
        names: of the variants, in the order in which they are tried.
        targets: of the engine.
        limits: of each.
        resume: whether rows that would be the same are left as they are.
    """

    family: Family
    names: Sequence[str]
    targets: Sequence[str]
    limits: Limits
    resume: bool = False

    def left(self, found: Table) -> list[str]:
        """The names that are to be measured: all, or where a sweep is resumed, those whose row would be another one."""
        if not self.resume:
            return list(self.names)
        digest = facts_digest(made_with(self.family, self.targets))
        return [name for name in self.names if not found.current(name, digest, self.limits)]

    def rows(self, found: Table, names: Sequence[str]) -> Generator[Row, None, None]:
        """Measure `names`, and put them into the table; each row is given when it is there."""
        if not names:
            return
        what = made_with(self.family, self.targets)
        digest = facts_digest(what)
        found.made_with[digest] = what
        for module in _AHEAD.get(self.family.framework, ()):
            importlib.import_module(module)
        with tempfile.TemporaryDirectory(prefix="zoo-sweep-") as place:

            def job(name: str, say: Say) -> None:
                folder = Path(place) / flat(name)
                folder.mkdir()
                one.measure(self.family.variant(name), self.targets, folder, say)

            with closing(each_alone(job, names, self.limits)) as all_ended:
                for ended in all_ended:
                    shutil.rmtree(Path(place) / flat(ended.item), ignore_errors=True)
                    row = Row.of(ended, digest, self.limits)
                    found.rows[row.name] = row
                    yield row


def made_with(family: Family, targets: Sequence[str]) -> dict[str, Any]:
    """What the rows of a sweep depend on, beside their names."""
    library = PACKAGES.get(family.name)
    versions = provenance()["versions"] | ({library: version_of(library)} if library else {})
    return {
        "targets": list(targets),
        "opset": DEFAULT_OPSET,
        "sources": _sources(family.folder),
        "versions": versions,
        "cpu": cpu_name(),
    }


def _sources(folder: Path) -> str:
    """The digest of the zoo's code and data that a measurement reaches through imports, the model's folder, and the
    folders of those that it is made of."""
    own = {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*.py"))}
    own["what is measured"] = Path(one.__file__)
    parts = {
        f"{other.parent.name}/{other.name}/{file.relative_to(other).as_posix()}": file
        for other in workspace.others_of(_CONTRIB.parent, str(folder))
        for file in sorted(other.rglob("*.py"))
    }
    reached = imports.reached(own | parts, _CONTRIB)
    shared = {
        file.relative_to(_CONTRIB).as_posix(): file
        for room in imports.ROOMS
        for file in workspace.own_files(_CONTRIB / room)
        if imports.module_of(file, _CONTRIB) in reached
    }
    return facts_digest([[name, sha256(file)] for name, file in [*own.items(), *parts.items(), *shared.items()]])


def chosen(family: Family, asked: Sequence[str]) -> list[str]:
    """The variants that are meant, in the order in which they are named; all of them where nothing is asked for.

    Args:
        asked: files with a name a line (behind a # stands a remark), and patterns such as resnet*.

    Raises:
        ZooError: a file names a variant that there is not, or nothing fits a pattern.
    """
    known = dict.fromkeys(family.variants)
    if not asked:
        return list(known)
    found: dict[str, None] = {}
    for word in asked:
        path = Path(word)
        matching = _in_file(path, known) if path.is_file() else fnmatch.filter(known, word)
        if not matching:
            raise ZooError(
                f"--names {word}: no name of {family.id} fits this pattern, and there is no such file; "
                f"`zoo info {family.id}` has the names"
            )
        found |= dict.fromkeys(matching)
    return list(found)


def _in_file(path: Path, known: Container[str]) -> list[str]:
    lines = read_lines(path)
    names = [(number, line.partition("#")[0].strip()) for number, line in enumerate(lines, start=1)]
    for number, name in names:
        if name and name not in known:
            raise ZooError(f"{path}, line {number}: '{name}' is no variant of the family")
    return [name for _, name in names if name]
