"""One column of a table in a text file (.csv, .tsv), by its name."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from utils.text_file import read_text
from zoo_core.errors import DataError, UnreadableError

TABLES = (".csv", ".tsv")
_BETWEEN = (",", ";", "\t")


def column(path: Path, name: str) -> Iterator[tuple[int, str | DataError]]:
    """Yield the number of each row (from 1, behind the header) and its cell, or what is wrong with the row.

    The header decides what stands between the cells: the comma, semicolon or tab by which it has a column of that name.

    Args:
        path: a table with a header, UTF-8; cells may be quoted as RFC 4180 has it.
        name: of the column.

    Raises:
        UnreadableError: it cannot be read, or is no text.
        DataError: it has no such column, or two.
    """
    import csv

    text = read_text(path)
    between = next((one for one in _BETWEEN if name in _header(text, one)), None)
    if between is None:
        raise DataError(f"{path}: there is no column '{name}'; the columns are: {', '.join(columns(path))}.")
    header = _header(text, between)
    if header.count(name) > 1:
        raise DataError(f"{path}: {header.count(name)} columns are called '{name}'; rename one.")
    place = header.index(name)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=between)
    next(rows)
    number = 0
    try:
        for row in rows:
            if row:  # an empty line is no row
                number += 1
                yield number, row[place] if len(row) == len(header) else _uneven(path, number, row, header)
    except csv.Error as error:
        raise UnreadableError(f"{path}, row {number + 1}: this is no table: {error}.") from error


def columns(path: Path) -> list[str]:
    """The names of the columns, as far as the header tells.

    Raises:
        UnreadableError: it cannot be read, or is no text.
    """
    text = read_text(path)
    return max((_header(text, one) for one in _BETWEEN), key=len)


def _header(text: str, between: str) -> list[str]:
    import csv  # where there is a table

    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=between), [])
    except csv.Error:
        return []


def _uneven(path: Path, number: int, row: list[str], header: list[str]) -> DataError:
    return DataError(f"{path}, row {number}: it has {len(row)} cells, and the header {len(header)}.")
