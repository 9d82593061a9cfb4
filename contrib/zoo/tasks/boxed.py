"""Pictures of which a part is looked at: the boxes that stand in a file beside them."""

from __future__ import annotations

from pathlib import Path

from utils.datasets.sample import Sample
from utils.preprocess.pytorch.pose import Person
from utils.text_file import read_lines
from zoo_core.errors import DataError

_FORM = "left, top, width, height in pixels"


def boxed(path: Path, filling: str) -> list[Sample]:
    """Everybody in a picture whose box is in a file of the same name with .boxes.txt behind it, a line each.

    Args:
        path: the picture. Without such a file, all of it is one sample.
        filling: what fills the picture then, for a message ("one person fills").

    Raises:
        DataError: the file has no box, or a line is none.
    """
    boxes = path.with_name(f"{path.name}.boxes.txt")
    if not boxes.is_file():
        return [Sample(path.name, path)]
    rows = [(number, line.split()) for number, line in enumerate(read_lines(boxes), 1) if line.strip()]
    if not rows:
        raise DataError(f"{boxes}: there is no box in this file. Take it away where {filling} the picture.")
    return [Sample(f"{path.name}:{number}", Person(path, _box(boxes, number, row))) for number, row in rows]


def _box(file: Path, number: int, row: list[str]) -> tuple[float, float, float, float]:
    try:
        left, top, width, height = map(float, row)
    except ValueError as error:
        raise DataError(f"{file}, line {number}: '{' '.join(row):.80}'; expected {_FORM}.") from error
    return left, top, width, height
