"""Faces with the angles of the head and five points: picture.jpg has picture.txt beside it, as MindSpore's
FaceQualityAssessment has AFLW2000."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.datasets.folder import files_in
from utils.datasets.outside import say_outside
from utils.datasets.sample import Listed, Sample
from utils.text_file import read_text
from zoo_core.errors import DataError

_NUMBERS = 13
_FORM = "13 numbers: yaw, pitch and roll in degrees, then x y in pixels of eye, eye, nose, corners of the mouth"


@dataclass(frozen=True)
class QualityTruth:
    """What is known of a face.

    Attributes:
        angles: float64 [3], yaw, pitch and roll in degrees.
        points: float64 [5, 2], x and y in pixels of the picture; NaN for one that is not seen.
    """

    angles: np.ndarray
    points: np.ndarray


class FaceQualities(Listed):
    """Every picture below a folder: data its Path, truth a `QualityTruth`. A point with a number below 0 is not seen.

    Args:
        root: the data set's folder; each picture is a face that was cut out.

    Raises:
        DataError: no such folder, a picture without its .txt file, or a file that does not hold 13 numbers.
    """

    def __init__(self, root: str | Path) -> None:
        root = Path(root)
        self._samples = []
        for path in files_in(root):
            truth = _truth(path, path.with_suffix(".txt"))
            seen = truth.points[~np.isnan(truth.points).any(axis=1)]
            say_outside(str(path), path, seen, "points", "Are they of the picture before the face was cut out?")
            self._samples.append(Sample(path.relative_to(root).as_posix(), path, truth))


def _truth(path: Path, file: Path) -> QualityTruth:
    if not file.is_file():
        raise DataError(f"{path}: {file.name} is not beside it; expected {_FORM}.")
    words = read_text(file).split()
    try:
        values = np.array([float(word) for word in words])
    except ValueError as error:
        raise DataError(
            f"{file}: {' '.join(words)!r:.80} holds something else than numbers; expected {_FORM}."
        ) from error
    if len(values) != _NUMBERS or not np.isfinite(values).all():
        raise DataError(f"{file}: {len(values)} numbers; expected {_FORM}.")
    points = values[3:].reshape(-1, 2)
    points[(points < 0).any(axis=1)] = np.nan
    return QualityTruth(values[:3], points)
