"""Parallel corpora: texts and their translations, in one table with a tab between them, or in two files line by line.

- A .tsv: source and target, without a header and without quoting.
- Two files of one name whose suffixes are languages, as WMT and Moses have them: newstest.en and newstest.de.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from utils.datasets.folder import check_folder
from utils.datasets.sample import Listed, Sample
from utils.datasets.tsv import require_fields, rows_of
from utils.preprocess.text import read_lines
from zoo_core.errors import DataError


class ParallelCorpus(Listed):
    """A sample a pair: id "test.tsv:<line>", data the source text (str), target its translation (str).

    Args:
        root: a .tsv, or one of the two files; or a folder that holds one .tsv, or one pair of files.
        languages: suffixes of the two files, source and target, such as ("en", "de").

    Raises:
        DataError: no such file, not UTF-8, a row that is no pair, an empty text, or files of different lengths; names
            the line.
    """

    def __init__(self, root: str | Path, languages: tuple[str, str]) -> None:
        path = _found(Path(root), languages)
        self._samples = _table(path) if path.suffix == ".tsv" else _two_files(path, languages)


def sources_in(path: Path) -> list[Sample]:
    """The source texts of a .tsv, without targets; there may be one field only."""
    rows = [(number, fields[0]) for number, fields in rows_of(path)]
    return [Sample(f"{path.name}:{number}", _filled(path, number, "source", text)) for number, text in rows]


def _found(root: Path, languages: tuple[str, str]) -> Path:
    """The table, or the source's file."""
    if root.is_file():
        if root.suffix[1:] not in ("tsv", *languages):
            raise DataError(f"{root}: a parallel corpus ends with .tsv, .{languages[0]} or .{languages[1]}.")
        return root.with_suffix(f".{languages[0]}") if root.suffix[1:] == languages[1] else root
    check_folder(root)
    found = [*sorted(root.glob("*.tsv")), *sorted(root.glob(f"*.{languages[0]}"))]
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "nothing"
        raise DataError(
            f"{root}: one .tsv, or one pair of files .{languages[0]} and .{languages[1]}, is expected; found {names}. "
            "Give the file itself."
        )
    return found[0]


def _table(path: Path) -> list[Sample]:
    samples = []
    for row in rows_of(path):
        require_fields(path, row, 2)
        number, (source, target) = row
        samples.append(_pair(path, number, source, target))
    return samples


def _two_files(path: Path, languages: tuple[str, str]) -> list[Sample]:
    other = path.with_suffix(f".{languages[1]}")
    sources, targets = read_lines(path), read_lines(other)
    if len(sources) != len(targets):
        raise DataError(
            f"{path.name} has {len(sources)} lines and {other.name} {len(targets)}; line by line, they are one text in "
            "two languages."
        )
    if not sources:
        raise DataError(f"{path}: this file is empty.")
    pairs: Sequence[tuple[str, str]] = list(zip(sources, targets, strict=True))
    return [_pair(path, number, *pair) for number, pair in enumerate(pairs, start=1)]


def _pair(path: Path, number: int, source: str, target: str) -> Sample:
    source, target = _filled(path, number, "source", source), _filled(path, number, "target", target)
    return Sample(f"{path.name}:{number}", source, target)


def _filled(path: Path, number: int, side: str, text: str) -> str:
    if not text.strip():
        raise DataError(f"{path}, line {number}: the {side} text is empty.")
    return text.strip()
