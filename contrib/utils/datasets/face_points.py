"""Faces with points in the format of 300-W: picture.jpg has picture.pts beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.datasets.folder import files_in
from utils.datasets.outside import say_outside
from utils.datasets.sample import Listed, Sample
from utils.preprocess.pytorch.pose import Person
from utils.text_file import read_lines
from zoo_core.errors import DataError

_FORM = "'version: 1', 'n_points: 68', '{', a line 'x y' a point, '}'"


@dataclass(frozen=True)
class PointsTruth:
    """points: float64 [K, 2], x and y in pixels of the picture, of which the first one is at 0, 0."""

    points: np.ndarray


class FacePoints(Listed):
    """Every picture below a folder: data a `Person` (its box is that of the points), truth a `PointsTruth`.

    Pixels of the files are counted from 1, as Matlab does, where they come from 300-W.

    Args:
        root: the data set's folder.
        count: how many points the network finds.
        first: what the files call the first pixel: 1 in 300-W, 0 elsewhere.

    Raises:
        DataError: no such folder, a picture without a .pts file, or a file that is none (file and line are named).
    """

    def __init__(self, root: str | Path, count: int, first: int = 1) -> None:
        root = Path(root)
        self._samples = []
        for path in files_in(root):
            file = path.with_suffix(".pts")
            if not file.is_file():
                raise DataError(f"{path}: {file.name} is not beside it, which holds the points of the face.")
            points = read_points(file, count) - first
            low, high = points.min(axis=0), points.max(axis=0)
            if not (high > low).all():
                raise DataError(f"{file}: all points lie on one line or place; this is no face.")
            say_outside(str(file), path, (low + high)[None] / 2, "faces", "Was the picture scaled, or cut?")
            box = (float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))
            self._samples.append(Sample(path.relative_to(root).as_posix(), Person(path, box), PointsTruth(points)))


def read_points(file: Path, count: int) -> np.ndarray:
    """The points of a .pts file, float64 [count, 2], as they stand there.

    Raises:
        DataError: it is no such file, or has another number of points (file and line are named).
    """
    lines = [(number, line.strip()) for number, line in enumerate(read_lines(file), 1) if line.strip()]
    head, body = _head(file, lines)
    said = head.get("n_points", "")
    if said != str(count):
        raise DataError(f"{file}: n_points is {said or 'missing'!r:.40}; this network finds {count} points.")
    if len(body) != count:
        raise DataError(f"{file}: {len(body)} points, but n_points says {count}.")
    return np.array([_point(file, number, line) for number, line in body])


def _head(file: Path, lines: list[tuple[int, str]]) -> tuple[dict[str, str], list[tuple[int, str]]]:
    """What stands in front of the brace, and the lines within."""
    texts = [line for _, line in lines]
    if "{" not in texts or "}" not in texts[texts.index("{") :]:
        raise DataError(f"{file}: this is no file of points; expected {_FORM}.")
    begin, end = texts.index("{"), texts.index("}")
    head = dict(line.split(":", 1) for line in texts[:begin] if ":" in line)
    return {name.strip(): value.strip() for name, value in head.items()}, lines[begin + 1 : end]


def _point(file: Path, number: int, line: str) -> tuple[float, float]:
    try:
        x, y = (float(word) for word in line.split())
    except ValueError as error:
        raise DataError(f"{file}, line {number}: '{line:.80}'; expected x and y.") from error
    if not (np.isfinite(x) and np.isfinite(y)):
        raise DataError(f"{file}, line {number}: '{line:.80}' holds infinity or NaN; expected x and y.")
    return x, y
