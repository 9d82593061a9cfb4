"""A file and its type as a picture: its first bytes as numbers and letters, and below them bars of the types."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from utils.draw.classification import FAINT, FRAME, INK, WIDTH, Ranked, draw_ranking, drawable

_ROWS, _COLUMNS = 8, 16
_SIZE, _LINE, _STEP, _LETTER = 13, 19, 21, 9  # pixels


def draw_file(data: Path | bytes, ranking: Ranked, types: Sequence[str], k: int = 5) -> Image.Image:
    """The name of a file and its first bytes, and below them the k best types: a new RGB image, 512 pixels wide.

    Args:
        data: a file that can be read, or what one holds.
        ranking: types and their probabilities, best first.
        types: the name of each type, by index.
        k: how many types to show at most.
    """
    content = data if isinstance(data, bytes) else _beginning(data)
    font = ImageFont.load_default(size=_SIZE)
    rows = [content[start : start + _COLUMNS] for start in range(0, _ROWS * _COLUMNS, _COLUMNS)]
    image = Image.new("RGB", (WIDTH, _LINE * (_ROWS + 1) + 6), FRAME)
    draw = ImageDraw.Draw(image)
    draw.text((0, 0), "typed text" if isinstance(data, bytes) else drawable(data.name), fill=INK, font=font)
    for number, row in enumerate(rows, start=1):
        for column, byte in enumerate(row):
            draw.text((column * _STEP, number * _LINE + 4), f"{byte:02x}", fill=FAINT, font=font)
            letter = chr(byte) if 32 <= byte < 127 else "."
            left = _COLUMNS * _STEP + column * _LETTER
            draw.text((left, number * _LINE + 4), letter, fill=INK if letter != "." else FAINT, font=font)
    return draw_ranking(image, ranking, types, k)


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_ROWS * _COLUMNS)
