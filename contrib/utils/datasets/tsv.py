"""Tables of text with tabs between the fields, as GLUE publishes its tasks: no quoting, one row a line, UTF-8."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from utils.datasets.folder import check_folder
from utils.text_file import read_lines
from zoo_core.errors import DataError

# A line number, which counts from 1, and the fields of that line.
Row = tuple[int, list[str]]


def rows_of(path: Path) -> Iterator[Row]:
    """The rows of a file, a header among them. Empty lines are passed over; quotation marks are plain characters.

    Raises:
        DataError: unreadable, not UTF-8, or without any row.
    """
    found = False
    for number, line in enumerate(read_lines(path), start=1):
        if line.strip():
            found = True
            yield number, line.split("\t")
    if not found:
        raise DataError(f"{path}: this file is empty.")


def require_fields(path: Path, row: Row, wanted: int) -> None:
    """Raise DataError unless the row has as many fields as its table."""
    number, fields = row
    if len(fields) != wanted:
        raise DataError(
            f"{path}, line {number}: {len(fields)} fields, expected {wanted} with tabs between them: "
            f"{chr(9).join(fields)!r:.80}."
        )


def require_once(path: Path, number: int, header: Sequence[str], names: Iterable[str]) -> None:
    """Raise DataError where a header, in line `number`, has one of these names twice: which column is meant?"""
    for name in names:
        if header.count(name) > 1:
            raise DataError(f"{path}, line {number}: {header.count(name)} columns are called '{name}'; rename one.")


def find_table(root: Path, names: Sequence[str]) -> Path:
    """`root` itself where it is a file, otherwise the first of `names` that lies in it.

    Raises:
        DataError: there is no such folder, or none of the files in it.
    """
    if root.is_file():
        return root
    check_folder(root)
    for name in names:
        if (root / name).is_file():
            return root / name
    raise DataError(f"{root}: there is no {' or '.join(names)} in this folder; give the file itself, or such a folder.")
