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

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.datasets.folder import check_folder, within
from utils.datasets.outside import say_outside
from utils.datasets.sample import Listed, Sample
from utils.notices import notice
from utils.text_file import read_lines
from zoo_core.errors import DataError, UnreadableError
from zoo_core.numbers import is_whole

ATTRIBUTES = ("blur", "expression", "illumination", "invalid", "occlusion", "pose")
_BOX, _POINTS = 4, 15
_COLUMNS = _BOX + len(ATTRIBUTES)

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
    """The pictures of one split, in the order of the list; a sample's truth is a `Faces`.

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
            path = within(images, name, str(self.list))
            if not os.path.isfile(path):
                raise DataError(
                    f"{self.list}: there is no picture {path!s:.200}. Unpack WIDER_{split}.zip into {self.root}."
                )
            marked = points.pop(name, {})
            truth = _faces(rows, marked)
            self._say_odd(path, truth)
            alone = marked.keys() - {_box(row) for row in rows}
            if alone:
                what = f"the landmarks of {len(alone)} faces are passed over: the other list has no such box as "
                notice("landmarks without a box", f"{labels}, {name}", f"{what}{min(alone)}.")
            self._samples.append(Sample(name, path, truth))
        if not self._samples:
            raise DataError(f"{self.list}: this list is empty.")
        if points:
            raise DataError(f"{labels}: {next(iter(points))} is not in {self.list}. Are they of the same split?")

    def _say_odd(self, picture: Path, faces: Faces) -> None:
        """A notice for boxes without an area, and for those that lie outside of the picture they are of."""
        where = f"{self.list}, {picture.name}"
        flat = (faces.boxes[:, 2:] <= faces.boxes[:, :2]).any(axis=1)
        if flat.any():
            said = f"{flat.sum()} boxes have no width or no height; these faces are neither found nor missed."
            notice("boxes without an area", where, said)
        middles = (faces.boxes[:, :2] + faces.boxes[:, 2:]) / 2
        hint = "Are width and height in the list those of the boxes, or right and bottom?"
        say_outside(where, picture, middles[~flat], "boxes", hint)


def _pictures(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (the picture's path, float64 [K, 10]) from a list of boxes."""
    lines = _lines(path)
    seen: set[str] = set()
    place = 0
    while place < len(lines):
        name = lines[place]
        place += 1
        if not name:
            continue
        if name in seen:
            raise DataError(f"{path}, line {place}: {name!r:.80} stands there twice.")
        seen.add(name)
        count = _count(path, lines, place, name)
        place += 1
        rows = []
        for line in lines[place : place + max(count, 1)]:
            if count == 0 and not _is_row(line):  # some lists have no line of zeros for a picture without faces
                break
            place += 1
            rows.append(_face(path, place, line, name, count))
            if count == 0 and any(rows[-1]):
                raise DataError(f"{path}, line {place}: got a face, and {name} has 0 of them, as the line above says.")
        if len(rows) < count:
            raise DataError(f"{path}: the list ends before all {count} faces of {name} came.")
        yield name, np.array(rows[:count]).reshape(-1, _COLUMNS)


def _count(path: Path, lines: list[str], place: int, name: str) -> int:
    """The number of faces in `lines[place]`, which follows the picture's path."""
    text = lines[place] if place < len(lines) else ""
    if _is_row(name) and not is_whole(text):
        raise DataError(
            f"{path}, line {place}: {name!r:.60} is the line of a face, and the path of a picture is expected: are "
            "there more lines than the number of faces above says?"
        )
    if not is_whole(text):
        raise DataError(f"{path}, line {place + 1}: got {text!r:.60}, expected the number of faces of {name!r:.80}.")
    return int(text)


def _face(path: Path, place: int, line: str, name: str, count: int) -> list[float]:
    where = f"{path}, line {place}"
    if not line or not _is_row(line):
        raise DataError(
            f"{where}: got {line!r:.60}, expected one of the {count} faces of {name}: {_COLUMNS} numbers (left, top, "
            "width, height, …). Are there fewer lines than the number of faces says?"
        )
    return _numbers(line, (_COLUMNS,), where)


def _is_row(line: str) -> bool:
    """Whether a line begins as that of a face does: with two numbers."""
    words = line.split()
    return len(words) > 1 and all(_is_number(word) for word in words[:2])


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


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


def _box(row: np.ndarray) -> Box:
    """What a face is found by in the other list."""
    return tuple(row[:_BOX].tolist())


def _faces(rows: np.ndarray, points: dict[Box, list[float]]) -> Faces:
    """Both lists have the same boxes, which is how a face finds its landmarks."""
    boxes = rows[:, :_BOX].copy()
    boxes[:, 2:] += boxes[:, :2]
    none = [np.nan, np.nan, 0.0] * 5
    table = np.array([points.get(_box(row), none) for row in rows]).reshape(-1, 5, 3)
    invalid = (rows[:, _BOX + ATTRIBUTES.index("invalid")] != 0) | (rows[:, 2:_BOX] <= 0).any(axis=1)
    return Faces(boxes.astype(np.float32), invalid, table[:, :, :2].astype(np.float32), table[:, :, 2] > 0)


def _numbers(line: str, lengths: tuple[int, ...], where: str) -> list[float]:
    try:
        values = [float(word) for word in line.split()]
    except ValueError as error:
        raise DataError(f"{where}: {line!r:.80} holds something else than numbers.") from error
    if len(values) not in lengths:
        expected = " or ".join(map(str, lengths))
        raise DataError(f"{where}: {len(values)} numbers, expected {expected} (left, top, width, height, …).")
    if not np.isfinite(values).all():
        raise DataError(f"{where}: {line!r:.80} holds infinity or NaN.")
    return values


def _lines(path: Path) -> list[str]:
    if not path.exists():
        raise UnreadableError(f"{path}: there is no such file. It comes with wider_face_split.zip.")
    return [line.strip() for line in read_lines(path)]
