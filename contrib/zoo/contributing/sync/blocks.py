"""The parts of a file that `zoo sync` writes: what stands between two markers. All else belongs to people.

In Markdown, a part called facts begins with the line `<!-- zoo: facts -->` and ends with `<!-- /zoo -->`; in other text
files with `# zoo: facts` and `# /zoo`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from zoo.errors import ZooError


@dataclass(frozen=True)
class Markers:
    """How the lines around a part are written, and what was meant as such a line and is none."""

    begin: str
    end: str
    nearly: re.Pattern[str]


_HTML = Markers("<!-- zoo: {} -->", "<!-- /zoo -->", re.compile(r"\s*<!-*\s*/?\s*zoo\b.*", re.IGNORECASE))
_HASH = Markers("# zoo: {}", "# /zoo", re.compile(r"\s*#\s*(?:/\s*zoo\b.*|zoo\s*:.*|zoo\s*)", re.IGNORECASE))
_NAME = "([a-z]+)"


def markers(path: Path) -> Markers:
    """The markers of a file, by its suffix."""
    return _HTML if path.suffix == ".md" else _HASH


@dataclass(frozen=True)
class Block:
    """One part between markers.

    Args:
        name: what it is called.
        begin, end: the lines of its markers, counted from 0.
    """

    name: str
    begin: int
    end: int


def blocks(lines: list[str], path: Path) -> list[Block]:
    """The parts of a file that are written by `zoo sync`, in order.

    Raises:
        ZooError: markers are damaged; the message names file and line.
    """
    marks = markers(path)
    begins = re.compile(re.escape(marks.begin).replace(re.escape("{}"), _NAME))
    found: list[Block] = []
    name, begin = "", -1
    for number, line in enumerate(lines):
        where = f"{path}:{number + 1}"
        opening = begins.fullmatch(line)
        if opening and name:
            raise ZooError(f"{where}: the part '{name}' of line {begin + 1} has no end ({marks.end}) before this")
        if opening:
            name, begin = opening[1], number
        elif line == marks.end:
            if not name:
                raise ZooError(f"{where}: this ends a part, and none has begun; delete it, or write the beginning")
            found.append(Block(name, begin, number))
            name = ""
        elif marks.nearly.fullmatch(line):
            example = f"{marks.begin.format('NAME')} or {marks.end}"
            raise ZooError(f"{where}: '{line.strip()}' is nearly a marker, and none; write {example}")
    if name:
        raise ZooError(f"{path}:{begin + 1}: the part '{name}' has no end ({marks.end})")
    return found


def rewritten(text: str, path: Path, contents: dict[str, Callable[[], list[str]]]) -> tuple[str, list[str]]:
    """A file with its parts written anew.

    Args:
        text: the file as it is.
        path: named in errors.
        contents: the lines of each part that the file may have.

    Returns:
        The file as it should be, and the names of the parts that were different.

    Raises:
        ZooError: markers are damaged, a part stands twice, or has a name that is none of `contents`.
    """
    lines = text.split("\n")
    different: list[str] = []
    seen: set[str] = set()
    parts = blocks(lines, path)
    for block in parts:
        where = f"{path}:{block.begin + 1}"
        if block.name not in contents:
            raise ZooError(f"{where}: there is no part '{block.name}'; there are: {', '.join(contents)}")
        if block.name in seen:
            raise ZooError(f"{where}: the part '{block.name}' stands here a second time; delete one")
        seen.add(block.name)
    for block in reversed(parts):
        want = contents[block.name]()
        if lines[block.begin + 1 : block.end] != want:
            lines[block.begin + 1 : block.end] = want
            different.insert(0, block.name)
    return "\n".join(lines), different
