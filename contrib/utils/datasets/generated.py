"""What pictures are generated from, a seed: a JSON file {"seed": 7}; and real pictures that they are held against."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from utils.datasets.folder import files_in
from utils.datasets.sample import Lazy, Sample
from utils.preprocess.image import load_rgb
from utils.text_file import read_json
from zoo_core.errors import DataError

_FORM = '{"seed": 7}'
_FIRST = 20_000  # the seed of the first sample
MOST = 2**32 - 1


class RealPictures(Lazy):
    """The pictures below a folder, `count` a sample (the last one may have fewer): its data is a seed, 20,000 and
    following, its truth these pictures, grey, uint8 [n, side, side].

    Args:
        root: the folder.
        count: how many pictures are generated from a seed.
        side: height and width in pixels.

    Raises:
        DataError: no such folder, or no picture in it; while reading: a picture of another size, which is named.
    """

    def __init__(self, root: str | Path, count: int, side: int) -> None:
        files = files_in(root)
        self._side = side
        self._places = [(place, files[at : at + count]) for place, at in enumerate(range(0, len(files), count))]

    def _read(self, place: tuple[int, list[Path]]) -> Sample:
        number, files = place
        return Sample(f"seed {_FIRST + number}", _FIRST + number, np.stack([self._pixels(path) for path in files]))

    def _pixels(self, path: Path) -> np.ndarray:
        picture = load_rgb(path)
        if picture.size != (self._side, self._side):
            width, height = picture.size
            raise DataError(f"{path}: {width} x {height} pixels; this network's pictures have {self._side} a side.")
        return np.asarray(picture.convert("L"))


def checked_seed(where: str, seed: object) -> int:
    """The seed. Raises DataError where it is none of 0 to 4,294,967,295."""
    if type(seed) is not int or not 0 <= seed <= MOST:
        raise DataError(f"{where}: seed {seed!r:.40}; a whole number from 0 to {MOST} is expected.")
    return seed


def read_seed(path: str | Path) -> int:
    """The seed that a JSON file names. Raises DataError where it is none."""
    said = read_json(path, _FORM)
    if not isinstance(said, dict) or set(said) != {"seed"}:
        raise DataError(f"{path}: expected the field seed, as in {_FORM}.")
    return checked_seed(str(path), said["seed"])
