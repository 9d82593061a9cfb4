"""WIDER FACE, as its authors publish it, with the five landmarks that RetinaFace's authors publish beside it.

root/WIDER_<split>/images/<event>/<picture>.jpg
root/wider_face_split/wider_face_<split>_bbx_gt.txt    boxes and attributes
root/<split>/label.txt                                 boxes and landmarks (optional)

The first list holds, for each picture, its path, the number of its faces, and a line a face: left, top, width, height,
blur, expression, illumination, invalid, occlusion, pose. A picture without faces has the number 0 and yet one line, of
zeros. The second one has "# path" for each picture and a line a face: left, top, width, height, and for the
training pictures five times x, y and a flag (1 where the point is covered; -1 throughout where there are no landmarks),
then how sharp the face is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.datasets.folder import check_folder
from utils.datasets.sample import Listed, Sample
from zoo_core.errors import DataError

ATTRIBUTES = ("blur", "expression", "illumination", "invalid", "occlusion", "pose")
_BOX, _POINTS = 4, 15

Box = tuple[float, ...]


@dataclass(frozen=True)
class Faces:
    """The faces of one picture.

    Attributes:
        boxes: float32 [K, 4], (left, top, right, bottom) in pixels of the picture.
        invalid: bool [K]: true for faces that are not to be judged: neither found nor missed. WIDER FACE marks them;
            boxes without an area, of which it has some, are among them.
        landmarks: float32 [K, 5, 2], x and y in pixels: eye, eye, nose, mouth, mouth, those on the picture's left
            first; NaN where there are none.
        hidden: bool [K, 5]: the point is covered by something.
    """

    boxes: np.ndarray
    invalid: np.ndarray
    landmarks: np.ndarray
    hidden: np.ndarray


class WiderFace(Listed):
    """The pictures of one split, in the order of the list; a sample's target is a `Faces`.

    A sample's id is the path in the list, its data the file's Path.

    Args:
        root: the folder that holds WIDER_<split> and wider_face_split.
        split: "val" or "train".

    Raises:
        DataError: a folder, list or picture is missing, or a line is wrong; the message says which.
    """

    def __init__(self, root: str | Path, split: str = "val") -> None:
        self.root = Path(root)
        images = self.root / f"WIDER_{split}" / "images"
        check_folder(self.root)
        check_folder(images)
        self.list = self.root / "wider_face_split" / f"wider_face_{split}_bbx_gt.txt"
        labels = self.root / split / "label.txt"
        points = _landmarks(labels) if labels.is_file() else {}
        self._samples = []
        for name, rows in _pictures(self.list):
            path = images / name
            if not path.is_file():
                raise DataError(f"{self.list}: there is no picture {path}. Unpack WIDER_{split}.zip into {self.root}.")
            self._samples.append(Sample(name, path, _faces(rows, points.pop(name, {}))))
        if not self._samples:
            raise DataError(f"{self.list}: this list is empty.")
        if points:
            raise DataError(f"{labels}: {next(iter(points))} is not in {self.list}. Are they of the same split?")


def _pictures(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (the picture's path, float64 [K, 10]) from a list of boxes."""
    lines = enumerate(_lines(path), 1)
    for number, name in lines:
        if not name:
            continue
        where = f"{path}, line {number + 1}"
        count = next(lines, (0, ""))[1]
        if not count.isdecimal():
            raise DataError(f"{where}: got {count!r:.60}, expected the number of faces of {name!r:.80}.")
        rows = []
        for _ in range(max(int(count), 1)):  # a picture without faces has a line of zeros
            place, line = next(lines, (0, ""))
            if not line:
                raise DataError(f"{path}: the list ends, or a line is empty, before all {count} faces of {name} came.")
            rows.append(_numbers(line, (_BOX + len(ATTRIBUTES),), f"{path}, line {place}"))
        yield name, np.array(rows[: int(count)]).reshape(-1, _BOX + len(ATTRIBUTES))


def _landmarks(path: Path) -> dict[str, dict[Box, list[float]]]:
    """For each picture: box → five times x, y, flag; boxes that have no landmarks are left out."""
    found: dict[str, dict[Box, list[float]]] = {}
    faces: dict[Box, list[float]] | None = None
    for number, line in enumerate(_lines(path), 1):
        if line.startswith("#"):
            faces = found.setdefault(line[1:].strip(), {})
        elif line:
            if faces is None:
                raise DataError(f"{path}, line {number}: a face comes before the first picture ('# path').")
            values = _numbers(line, (_BOX, _BOX + _POINTS, _BOX + _POINTS + 1), f"{path}, line {number}")
            points = values[_BOX : _BOX + _POINTS]
            if points and min(points[2::3]) >= 0:
                faces[tuple(values[:_BOX])] = points
    return found


def _faces(rows: np.ndarray, points: dict[Box, list[float]]) -> Faces:
    """Both lists have the same boxes, which is how a face finds its landmarks."""
    boxes = rows[:, :_BOX].copy()
    boxes[:, 2:] += boxes[:, :2]
    none = [np.nan, np.nan, 0.0] * 5
    table = np.array([points.get(tuple(row[:_BOX].tolist()), none) for row in rows]).reshape(-1, 5, 3)
    invalid = (rows[:, _BOX + ATTRIBUTES.index("invalid")] != 0) | (rows[:, 2:_BOX] <= 0).any(axis=1)
    return Faces(boxes.astype(np.float32), invalid, table[:, :, :2].astype(np.float32), table[:, :, 2] > 0)


def _numbers(line: str, lengths: tuple[int, ...], where: str) -> list[float]:
    try:
        values = [float(word) for word in line.split()]
    except ValueError as error:
        raise DataError(f"{where}: {error}; a line of numbers is expected.") from error
    if len(values) not in lengths:
        expected = " or ".join(map(str, lengths))
        raise DataError(f"{where}: {len(values)} numbers, expected {expected} (left, top, width, height, …).")
    if not np.isfinite(values).all():
        raise DataError(f"{where}: {line!r:.80} holds infinity or NaN.")
    return values


def _lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file. It comes with wider_face_split.zip.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: this list cannot be read: {error}.") from error
