"""One picture of many: what several networks drew, in a grid, each with a line below it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from zoo.errors import ZooError
from zoo_core.files import atomic_write

SHEET_BYTES = 150_000
_COLUMNS = 4
_WIDTH, _HEIGHT, _LINE, _GAP = 240, 190, 22, 8
_QUALITIES = (85, 75, 60, 45, 30)


def write_sheet(pictures: Sequence[tuple[Path, str]], path: Path) -> None:
    """Write the grid as WebP of at most `SHEET_BYTES`, which pages of repositories show.

    Args:
        pictures: files, and what stands below each.
        path: of the new file, which ends with .webp.

    Raises:
        ZooError: there is no picture, the name has another ending, or the file cannot be made that small.
    """
    from PIL import Image, ImageDraw, ImageFont

    if path.suffix != ".webp" or not pictures:
        raise ZooError(f"{path}: the overview is a .webp file of at least one picture ({len(pictures)} were drawn)")
    rows = -(-len(pictures) // _COLUMNS)
    columns = min(_COLUMNS, len(pictures))
    size = (columns * (_WIDTH + _GAP) + _GAP, rows * (_HEIGHT + _LINE + _GAP) + _GAP)
    sheet = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for number, (file, said) in enumerate(pictures):
        left = _GAP + number % _COLUMNS * (_WIDTH + _GAP)
        top = _GAP + number // _COLUMNS * (_HEIGHT + _LINE + _GAP)
        with Image.open(file) as opened:
            picture = opened.convert("RGB")
        picture.thumbnail((_WIDTH, _HEIGHT))
        sheet.paste(picture, (left + (_WIDTH - picture.width) // 2, top + (_HEIGHT - picture.height) // 2))
        pen.text((left + _WIDTH // 2, top + _HEIGHT + _LINE // 2), said, fill="black", font=font, anchor="mm")
    for quality in _QUALITIES:
        content = io.BytesIO()
        sheet.save(content, format="WEBP", quality=quality)
        if content.tell() <= SHEET_BYTES:
            with atomic_write(path) as temporary:
                temporary.write_bytes(content.getvalue())
            return
    raise ZooError(f"{path}: {len(pictures)} pictures are too many for {SHEET_BYTES} bytes; name fewer models")
