"""Faces with attributes: a list of pictures with a number for each attribute, or FairFace's table."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from utils.datasets.folder import within
from utils.datasets.sample import Listed, Sample
from utils.datasets.tsv import require_once
from utils.text_file import read_lines
from zoo_core.errors import DataError
from zoo_core.numbers import is_whole

FILE, FAIRFACE = "attributes.txt", "fairface_label_val.csv"
UNKNOWN = -1
_FAIRFACE_NAMES = {"more than 70": "70+"}


class Head(NamedTuple):
    """An attribute: its name, and those of its classes."""

    name: str
    labels: tuple[str, ...]


class FaceAttributes(Listed):
    """The pictures of a list, in its order: data the Path, truth a class for each attribute, -1 where it is not known.

    Args:
        root: holds attributes.txt, where a line is `picture number number …`, one an attribute in the order of the
            network's, -1 for one that is not known, as MindSpore's FaceAttribute has it; or fairface_label_val.csv as
            FairFace publishes it, whose columns have the attributes' names. Paths are relative to `root`.
        heads: the network's attributes.

    Raises:
        DataError: neither file, a line that is none (file and line are named), nothing that is known of any face, or a
            picture that is missing.
    """

    def __init__(self, root: str | Path, heads: Sequence[Head]) -> None:
        root = Path(root)
        self.file = root / FILE
        if self.file.is_file():
            rows = _listed(self.file, heads)
        else:
            self.file = root / FAIRFACE
            if not self.file.is_file():
                raise DataError(f"{root}: there is neither {FILE} nor {FAIRFACE} in it, which say what each face is.")
            rows = _fairface(self.file, heads)
        self._samples = []
        lines: dict[str, int] = {}
        for line, name, classes in rows:
            if lines.setdefault(name, line) != line:
                raise DataError(f"{self.file}, line {line}: {name:.80} stands in line {lines[name]} too.")
            path = within(root, name, f"{self.file}, line {line}")
            if not os.path.isfile(path):
                raise DataError(f"{self.file}, line {line}: {path!s:.200}: there is no such picture.")
            self._samples.append(Sample(name, path, classes))
        if not any(one != UNKNOWN for sample in self._samples for one in sample.truth):
            raise DataError(f"{self.file}: nothing is known of any face; expected {_form(heads)}.")


def _listed(file: Path, heads: Sequence[Head]) -> list[tuple[int, str, tuple[int, ...]]]:
    rows = []
    for number, line in enumerate(read_lines(file), 1):
        if not line.strip():
            continue
        name, *words = line.rsplit(maxsplit=len(heads))
        classes = [int(word) for word in words if is_whole(word.removeprefix("-"))]
        if len(classes) != len(heads):
            raise DataError(f"{file}, line {number}: '{line.strip():.80}'; expected {_form(heads)}.")
        for one, head in zip(classes, heads, strict=True):
            if not UNKNOWN <= one < len(head.labels):
                most = len(head.labels) - 1
                raise DataError(f"{file}, line {number}: {head.name} {one}; expected 0 to {most}, or -1 for unknown.")
        rows.append((number, name.strip().replace("\\", "/"), tuple(classes)))
    return rows


def _fairface(file: Path, heads: Sequence[Head]) -> list[tuple[int, str, tuple[int, ...]]]:
    table = csv.DictReader(read_lines(file))
    try:
        columns = table.fieldnames or []
    except csv.Error as error:
        raise DataError(f"{file}, line 1: this is no table: {error}.") from error
    if "file" not in columns:
        raise DataError(f"{file}, line 1: there is no column 'file'; expected file,age,gender,race,service_test.")
    require_once(file, 1, columns, ("file", *(head.name for head in heads)))
    rows = []
    try:
        for row in table:
            if None in row or None in row.values():
                raise DataError(f"{file}, line {table.line_num}: expected {len(columns)} fields, as the header has.")
            classes = tuple(_named(file, table.line_num, row, head) for head in heads)
            rows.append((table.line_num, row["file"], classes))
    except csv.Error as error:
        raise DataError(f"{file}, line {table.line_num}: this is no table: {error}.") from error
    return rows


def _named(file: Path, line: int, row: dict[str, str], head: Head) -> int:
    """The class that a row names, or -1 where the table has no such column."""
    if head.name not in row:
        return UNKNOWN
    said = row[head.name].strip().lower()
    said = _FAIRFACE_NAMES.get(said, said)
    if said not in head.labels:
        raise DataError(f"{file}, line {line}: {head.name} {said!r:.40}; expected one of {', '.join(head.labels)}.")
    return head.labels.index(said)


def _form(heads: Sequence[Head]) -> str:
    return f"a picture, then {', '.join(head.name for head in heads)} as whole numbers, -1 for unknown"
