"""Where eyes, nose and mouth are in pictures of faces: landmarks.txt, a picture a line."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from utils.text_file import read_lines
from zoo_core.errors import DataError

FILE = "landmarks.txt"
_NUMBERS = 10


def read_five_points(folder: Path) -> dict[str, np.ndarray]:
    """What landmarks.txt of a folder says of its pictures; {} where there is no such file.

    A line is `picture x y x y x y x y x y`: the path relative to the folder, then eye, eye, nose and the corners of the
    mouth, those on the picture's left first, in pixels. Spaces or tabs are between; a line with # in front is passed
    over.

    Returns:
        For each path, float64 [5, 2].

    Raises:
        DataError: another number of values, one that is no number, or a picture that comes twice (file and line are
            named).
    """
    path = folder / FILE
    found: dict[str, np.ndarray] = {}
    if not path.is_file():
        return found
    for number, line in enumerate(read_lines(path), 1):
        words = line.rsplit(maxsplit=_NUMBERS)
        if not words or line.lstrip().startswith("#"):
            continue
        try:
            values = [float(word) for word in words[1:]]
        except ValueError:
            values = []
        if len(values) != _NUMBERS or not np.isfinite(values).all():
            raise DataError(
                f"{path}, line {number}: '{line.strip():.80}'; expected a picture and ten numbers, x y of each."
            )
        name = words[0].replace("\\", "/")
        if name in found:
            raise DataError(f"{path}, line {number}: {name} comes a second time.")
        found[name] = np.array(values).reshape(-1, 2)
    return found
