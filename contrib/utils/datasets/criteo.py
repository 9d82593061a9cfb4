"""Click logs in Criteo's layout: a row a shown advertisement, its columns separated by tabs.

The columns are the label (1: clicked, 0: not), 13 whole numbers (mostly counts), and 26 categories, each the 32-bit
hash of a value as eight hexadecimal digits. A column may be empty: the value is missing. This is how the Criteo display
advertising challenge (45.8 million rows, its `train.txt`) and the Criteo terabyte log (`day_0` … `day_23`) are
published; `test.txt` of the challenge has no labels, so that nothing can be measured on it.
"""

import os
from pathlib import Path
from typing import BinaryIO

import numpy as np

from utils.datasets.sample import Lazy, Sample
from utils.text_file import read_lines
from zoo_core.errors import DataError, UnreadableError

INTEGERS, CATEGORIES = 13, 26
FEATURES = INTEGERS + CATEGORIES
COLUMNS = ("label", *(f"I{n + 1}" for n in range(INTEGERS)), *(f"C{n + 1}" for n in range(CATEGORIES)))
SUFFIXES = (".tsv", ".csv", ".txt")
# What is looked for in a folder: a held-out part, or the one labelled file of the challenge's archive.
NAMES = ("valid.tsv", "train.txt")
_CHUNK = 1 << 24
_MARK = b"\xef\xbb\xbf"
_NEWLINE, _TAB, _ZERO, _ONE = b"\n\t01"


class CriteoLog(Lazy):
    """The rows of a labelled click log, read from the file when they are asked for.

    A sample's id is "<file name>:<line>", its data the row's 39 features (a str with 38 tabs), its truth the label.

    Opening reads the file once and checks every row's number of columns and label. Kept are 8 bytes a row (where it
    begins; 0.37 GB for the 45.8 million rows of the challenge), and the file stays open. A slice is a view of the
    same file, so that taking every n-th row costs nothing.

    Args:
        path: the file, or a folder that holds `valid.tsv` or else `train.txt`.

    Raises:
        DataError: no such file, an empty one, or a row with a wrong number of columns or another label than 0 and 1;
            the first such row is named by file and line. While reading: the file has become shorter since.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = _labelled_file(Path(path))
        self._name = self.path.name
        self._file = _opened(self.path)
        self._bounds = _row_bounds(self._file, self.path)
        self._places = range(len(self._bounds) - 1)

    def _read(self, place: int) -> Sample:
        start, end = int(self._bounds[place]), int(self._bounds[place + 1])
        content = os.pread(self._file.fileno(), end - start, start)
        if len(content) < end - start:
            raise UnreadableError(
                f"{self.path}:{place + 1}: the file ends before this row: it has changed since it was opened."
            )
        text = content.decode("latin-1").rstrip("\r\n")
        return Sample(f"{self._name}:{place + 1}", text[2:], int(text[0]))


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
    lines = read_lines(path)
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


def _opened(path: Path) -> BinaryIO:
    try:
        file = open(path, "rb")  # noqa: SIM115 - rows are read from it as long as the data set lives
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be read: {error.strerror}.") from error
    if not os.fstat(file.fileno()).st_size:
        raise DataError(f"{path}: the file is empty.")
    return file


def _row_bounds(file: BinaryIO, path: Path) -> np.ndarray:
    """int64 [rows + 1]: where each row begins, and where the last one ends. Checks every row on the way."""
    start = len(_MARK) if file.read(len(_MARK)) == _MARK else 0
    file.seek(start)
    bounds = [np.full(1, start, np.int64)]
    rows, rest = 0, b""
    while chunk := file.read(_CHUNK):
        block = rest + chunk
        # up to the end of a row; a chunk without any is one row, which is too long to be right
        stop = block.rfind(b"\n") + 1 or (len(block) if len(block) > _CHUNK else 0)
        if stop:
            ends = _checked_rows(np.frombuffer(block, np.uint8, stop), rows, path)
            bounds.append(ends + start)
            start, rows = start + stop, rows + len(ends)
        rest = block[stop:]
    if rest:
        bounds.append(_checked_rows(np.frombuffer(rest, np.uint8), rows, path) + start)
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
