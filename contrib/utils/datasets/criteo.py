"""Click logs in Criteo's layout: a row a shown advertisement, its columns separated by tabs.

The columns are the label (1: clicked, 0: not), 13 whole numbers (mostly counts), and 26 categories, each the 32-bit
hash of a value as eight hexadecimal digits. A column may be empty: the value is missing. This is how the Criteo display
advertising challenge (45.8 million rows, its `train.txt`) and the Criteo terabyte log (`day_0` … `day_23`) are
published; `test.txt` of the challenge has no labels, so that nothing can be measured on it.
"""

import copy
import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import overload

import numpy as np

from utils.datasets.sample import Sample
from zoo_core.errors import DataError

INTEGERS, CATEGORIES = 13, 26
FEATURES = INTEGERS + CATEGORIES
COLUMNS = ("label", *(f"I{n + 1}" for n in range(INTEGERS)), *(f"C{n + 1}" for n in range(CATEGORIES)))
SUFFIXES = (".tsv", ".csv", ".txt")
# What is looked for in a folder: a held-out part, or the one labelled file of the challenge's archive.
NAMES = ("valid.tsv", "train.txt")
_CHUNK = 1 << 24
_NEWLINE, _TAB, _ZERO, _ONE = b"\n\t01"


class CriteoLog(Sequence[Sample]):
    """The rows of a labelled click log, read from the file when they are asked for.

    A sample's id is "<file name>:<line>", its data the row's 39 features (a str with 38 tabs), its target the label.

    Opening reads the file once and checks every row's number of columns and label. Kept are 8 bytes a row (where it
    begins; 0.37 GB for the 45.8 million rows of the challenge), and the file stays mapped. A slice is a view of the
    same file, so that taking every n-th row costs nothing.

    Args:
        path: the file, or a folder that holds `valid.tsv` or else `train.txt`.

    Raises:
        DataError: no such file, an empty one, or a row with a wrong number of columns or another label than 0 and 1;
            the first such row is named by file and line.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = _labelled_file(Path(path))
        self._name = self.path.name
        self._bytes = _mapped(self.path)
        self._bounds = _row_bounds(self._bytes, self.path)
        self._rows = range(len(self._bounds) - 1)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> "CriteoLog": ...
    def __getitem__(self, index: int | slice) -> "Sample | CriteoLog":
        if isinstance(index, slice):
            part = copy.copy(self)
            part._rows = self._rows[index]
            return part
        row = self._rows[index]
        text = self._bytes[self._bounds[row] : self._bounds[row + 1]].decode("latin-1").rstrip("\r\n")
        return Sample(f"{self._name}:{row + 1}", text[2:], int(text[0]))


def rows_of(path: str | Path) -> list[Sample]:
    """The rows of a person's file, labelled or not, one sample each; its label, where it has one, is passed over.

    The columns of a .csv file are separated by commas, those of any other by tabs. A first line that names the
    columns (label, I1 … I13, C1 … C26) is passed over, and so are empty lines.

    Returns:
        Samples with the id "<file name>:<line>" and the row, separated by tabs, as data; they are checked when
        they are preprocessed.

    Raises:
        DataError: the file cannot be read, is not text, or holds no row.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: this is not a text file ({error.reason} at byte {error.start}).") from error
    if path.suffix.lower() == ".csv":
        lines = [line.replace(",", "\t") for line in lines]
    rows = [(number, line) for number, line in enumerate(lines, start=1) if line.strip(" \r")]
    if rows and {name.strip().lower() for name in rows[0][1].split("\t")} & {"label", "i1", "c1"}:
        del rows[0]
    if not rows:
        raise DataError(f"{path}: there is no row in this file. Expected {FEATURES} columns, or a label before them.")
    return [Sample(f"{path.name}:{number}", line) for number, line in rows]


def _labelled_file(path: Path) -> Path:
    if not path.is_dir():
        return path
    found = next((path / name for name in NAMES if (path / name).is_file()), None)
    if found is None:
        raise DataError(f"{path}: there is neither {' nor '.join(NAMES)} in this folder; or name the file itself.")
    return found


def _mapped(path: Path) -> mmap.mmap:
    try:
        with open(path, "rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError as error:
        raise DataError(f"{path}: the file is empty.") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}.") from error


def _row_bounds(content: mmap.mmap, path: Path) -> np.ndarray:
    """int64 [rows + 1]: where each row begins, and where the last one ends. Checks every row on the way."""
    bounds = [np.zeros(1, np.int64)]
    start, rows, size = 0, 0, len(content)
    while start < size:
        stop = min(start + _CHUNK, size)
        if stop < size:  # up to the end of a row; a chunk without any is one row, which is too long to be right
            stop = content.rfind(b"\n", start, stop) + 1 or stop
        ends = _checked_rows(np.frombuffer(content, np.uint8, stop - start, start), rows, path)
        bounds.append(ends + start)
        start, rows = stop, rows + len(ends)
    return np.concatenate(bounds)


def _checked_rows(block: np.ndarray, before: int, path: Path) -> np.ndarray:
    """Where each row of whole rows (uint8 [bytes]) ends. before: how many rows of the file come first."""
    ends = np.flatnonzero(block == _NEWLINE) + 1
    if not len(ends) or ends[-1] < len(block):
        ends = np.append(ends, len(block))  # the last line of a file need not end with a newline
    tabs = np.searchsorted(np.flatnonzero(block == _TAB), ends)
    columns = np.diff(tabs, prepend=0) + 1
    wrong = np.flatnonzero(columns != len(COLUMNS))
    if len(wrong):
        raise DataError(_wrong_columns(f"{path}:{before + wrong[0] + 1}", int(columns[wrong[0]])))
    starts = np.concatenate([[0], ends[:-1]])
    labels = block[starts]
    right = ((labels == _ZERO) | (labels == _ONE)) & (block[starts + 1] == _TAB)
    if not right.all():
        row = int(np.argmin(right))
        text = block[starts[row] : ends[row]].tobytes().split(b"\t")[0].decode("latin-1")
        raise DataError(f"{path}:{before + row + 1}: the label is {text!r:.40}; it must be 0 or 1.")
    return ends


def _wrong_columns(where: str, columns: int) -> str:
    message = f"{where}: the row has {columns} columns, expected {len(COLUMNS)}, separated by tabs: the label, "
    message += f"{INTEGERS} whole numbers and {CATEGORIES} categories."
    if columns == FEATURES:
        message += " Is it a file without labels? Nothing can be measured on it."
    return message
