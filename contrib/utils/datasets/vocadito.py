"""Singing with its pitch, in the layout of vocadito (Bittner et al., 2021).

root/Audio/NAME.wav                   the recording
root/Annotations/F0/NAME_f0.csv       rows of seconds and hertz, evenly spaced; 0 hertz where nothing is sung
"""

from __future__ import annotations

import shutil
from math import isfinite
from pathlib import Path

import numpy as np

from utils.datasets.folder import files_in
from utils.datasets.sample import Listed, Sample
from utils.preprocess.audio import AUDIO_SUFFIXES
from utils.text_file import read_lines
from zoo_core.errors import DataError

AUDIO, F0 = "Audio", "Annotations/F0"


class Vocadito(Listed):
    """A sample's id is the recording's name, its data the path, its truth (seconds [frames], hertz [frames]), float64.

    Args:
        root: the data set's folder.

    Raises:
        DataError: no such folder, no recordings, one without its annotation, or a row that is not of two numbers.
    """

    def __init__(self, root: str | Path):
        root = Path(root)
        self._samples = []
        for path in files_in(root / AUDIO, AUDIO_SUFFIXES):
            seconds, hertz = read_rows(root / F0 / f"{path.stem}_f0.csv", 2).T
            self._samples.append(Sample(path.name, path, (seconds, hertz)))


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
