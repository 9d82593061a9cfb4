"""What differs between a repository and what the models say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from zoo import catalogue
from zoo.contributing import reproduced
from zoo.contributing.sync import blocks, facts, requirements, scripts, tables
from zoo.contributing.usual import defines_model
from zoo.errors import ZooError
from zoo.family import Family
from zoo_core.errors import DataError
from zoo_core.files import write_text

Contents = dict[str, Callable[[], list[str]]]


@dataclass
class Plan:
    """What `zoo sync` would do.

    Args:
        texts: files that differ, as they should be.
        differences: what differs in them, a line each.
        faults: what people have to put right, a line each.
    """

    texts: dict[Path, str] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def write(made: Plan) -> list[Path]:
    """Write the files that differ, each as a whole; returns their paths."""
    for path, text in made.texts.items():
        write_text(path, text)
    return list(made.texts)


def plan(root: Path) -> Plan:
    """Compare everything that is written from the models with what it should be."""
    made = Plan()
    families = list(_families(root / "contrib/example", made))
    for family in families:
        sync_folder(family, root, made)
    for path in sorted((root / requirements.SHARED).glob("*.txt")):
        _bounds(path, root, made)
    figures = reproduced.read(root / reproduced.FILE)
    for path, language in tables.documents(root):
        if path.is_file():
            _parts(path, tables.contents(families, language, figures.values()), (), root, made)
    return made


def _families(examples: Path, made: Plan) -> Iterator[Family]:
    for one in catalogue.ids(examples):
        if not defines_model(examples / one):
            continue  # somebody else's folder, which sync leaves alone
        try:
            yield catalogue.load(one, examples)
        except ZooError as error:
            made.faults.append(str(error))


def sync_folder(family: Family, root: Path, made: Plan) -> None:
    """Compare one model's folder; a model that cannot be described is a fault of that folder alone."""
    for name in scripts.SCRIPTS:
        _whole(family.folder / name, scripts.script(name), root, made)
    shared: Contents = {"shared": lambda: requirements.shared_lines(family, root)}
    _parts(family.folder / "requirements.txt", shared, ("shared",), root, made)
    _bounds(family.folder / "requirements.txt", root, made)
    file = requirements.shared_file(family, root)
    if not file.is_file():
        made.faults.append(f"{_name(file, root)}: there is no such file, and models of {family.framework} need it")
    try:
        _parts(family.folder / "README.md", facts.contents(family, root), ("facts",), root, made)
    except (ZooError, DataError) as error:
        made.faults.append(f"{family.id}: {error}")


def _whole(path: Path, want: str, root: Path, made: Plan) -> None:
    if not path.is_file() or path.read_text(encoding="utf-8") != want:
        made.texts[path] = want
        made.differences.append(f"{_name(path, root)}: it is not the same as every model's")


def _parts(path: Path, contents: Contents, needed: tuple[str, ...], root: Path, made: Plan) -> None:
    """Compare the parts of one file. needed: parts that it must have."""
    name = _name(path, root)
    if not path.is_file():
        made.faults.append(f"{name}: there is no such file, and sync writes parts of it only")
        return
    try:
        text = path.read_text(encoding="utf-8")
        there = {block.name for block in blocks.blocks(text.split("\n"), Path(name))}
        want, different = blocks.rewritten(text, Path(name), contents)
    except UnicodeDecodeError as error:
        made.faults.append(f"{name}: it is not UTF-8 text: {error}")
        return
    except ZooError as error:
        made.faults.append(str(error))
        return
    if different:
        made.texts[path] = want
        made.differences += [f"{name}: the part '{part}' differs" for part in different]
    for part in needed:
        if part not in there:
            marks = blocks.markers(path)
            lines = f"{marks.begin.format(part)} and {marks.end}"
            made.faults.append(f"{name}: it has no part '{part}'; write the lines {lines} where it belongs")


def _bounds(path: Path, root: Path, made: Plan) -> None:
    if path.is_file() and (root / requirements.BOUNDS).is_file():
        for package in requirements.without_bounds(path, root):
            made.faults.append(
                f"{_name(path, root)}: {package} has no version, and none in {requirements.BOUNDS}; write one there"
            )


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
