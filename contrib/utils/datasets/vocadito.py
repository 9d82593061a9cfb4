"""Singing with its pitch and its notes, in the layout of vocadito (Bittner et al., 2021).

root/Audio/NAME.wav                       the recording
root/Annotations/F0/NAME_f0.csv           rows of seconds and hertz, evenly spaced; 0 hertz where nothing is sung
root/Annotations/Notes/NAME_notesA1.csv   rows of a note: where it begins, hertz, and how long it is, in seconds
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.folder import by_name
from utils.datasets.sample import Listed, Sample
from utils.preprocess.audio import AUDIO_SUFFIXES
from utils.text_file import read_lines
from zoo_core.errors import DataError

AUDIO, F0, NOTES = "Audio", "Annotations/F0", "Annotations/Notes"


class Vocadito(Listed):
    """A sample's id is the recording's name, its data the path, its truth what `read` makes of the annotation's rows.

    Args:
        root: the data set's folder.
        folder, ending: where the annotations are, and how their names end.
        columns: numbers of a row.
        read: makes the truth of float64 [rows, columns].

    Raises:
        DataError: no such folder, no recordings, one without its annotation, or a row that is not of such numbers.
    """

    def __init__(self, root: str | Path, folder: str, ending: str, columns: int, read: Callable[[np.ndarray], Any]):
        root = Path(root)
        self._samples = [
            Sample(path.name, path, read(read_rows(root / folder / f"{name}{ending}.csv", columns)))
            for name, path in by_name(root / AUDIO, AUDIO_SUFFIXES).items()
        ]


def pitches(root: str | Path) -> Vocadito:
    """The truth is (seconds [frames], hertz [frames]); 0 hertz where nothing is sung."""
    return Vocadito(root, F0, "_f0", 2, lambda rows: (rows[:, 0], rows[:, 1]))


def notes(root: str | Path) -> Vocadito:
    """The truth is float64 [notes, 3]: begin, end, hertz, of the first annotator."""
    return Vocadito(root, NOTES, "_notesA1", 3, lambda rows: np.c_[rows[:, 0], rows[:, 0] + rows[:, 2], rows[:, 1]])


def read_rows(path: Path, columns: int) -> np.ndarray:
    """float64 [rows, columns] of a file of numbers, 0 or more, with commas between. Raises DataError."""
    rows = []
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        try:
            values = [float(field) for field in line.split(",")]
        except ValueError:
            values = []
        if len(values) != columns or not all(isfinite(value) and value >= 0 for value in values):
            raise DataError(f"{path}, line {number}: {columns} numbers, 0 or more, are expected, got {line!r:.60}.")
        rows.append(values)
    if not rows:
        raise DataError(f"{path}: there are no rows in it.")
    return np.array(rows)


def arrange(files: Path, folder: Path) -> None:
    """Write the files as they are: their names in the listing are those of the layout."""
    shutil.copytree(files, folder, dirs_exist_ok=True)
