"""Texts and what networks say of them as pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from utils.draw.classification import FAINT, FRAME, INK, MARGIN, PAPER, WIDTH, Font, Ranked, draw_ranking, drawable

FONT_SIZE, LINE = 20, 28  # pixels
MAX_LINES = 12
# An embedding's numbers: the colour of the most negative, of zero, and of the most positive.
NEGATIVE, ZERO, POSITIVE = (33, 102, 172), (247, 247, 247), (178, 24, 43)
STRIP_ROWS, CELL_HEIGHT = 8, 16


def draw_classified_text(text: str, ranking: Ranked, labels: Sequence[str], k: int = 5) -> Image.Image:
    """The text, and below it the k best classes with bars for their scores: a new RGB image, 512 pixels wide."""
    return draw_ranking(written(text), ranking, labels, k)


def draw_embedding(text: str, vector: np.ndarray, note: str) -> Image.Image:
    """The text, and below it its embedding as a strip of coloured cells, blue below zero and red above.

    Cells go from left to right, row by row; the strongest colours are those of the largest absolute value. Similar
    sentences have similar strips.

    Args:
        text: what was embedded; shortened to a dozen lines.
        vector: float [D].
        note: a line below the strip.

    Returns:
        A new RGB image, 512 pixels wide.
    """
    panel = written(text)
    strip = embedding_strip(vector)
    top = panel.height + 2 * MARGIN
    canvas = Image.new("RGB", (WIDTH + 2 * MARGIN, top + strip.height + 4 * MARGIN), PAPER)
    canvas.paste(FRAME, (0, 0, canvas.width, top))
    canvas.paste(panel, (MARGIN, MARGIN))
    canvas.paste(strip, (MARGIN, top + MARGIN))
    draw = ImageDraw.Draw(canvas)
    draw.text((MARGIN, top + strip.height + 2 * MARGIN), note, fill=FAINT, font=ImageFont.load_default(size=16))
    return canvas


def embedding_strip(vector: np.ndarray) -> Image.Image:
    """The numbers of an embedding, float [D], as cells, blue below zero and red above, as wide as a picture."""
    columns = -(-len(vector) // STRIP_ROWS)
    values = np.zeros(columns * STRIP_ROWS, np.float32)
    values[: len(vector)] = np.asarray(vector, np.float32) / (np.abs(vector).max() or 1.0)
    grid = values.reshape(STRIP_ROWS, columns, 1)
    ends = np.where(grid < 0, np.array(NEGATIVE), np.array(POSITIVE))
    colours = np.array(ZERO) + (ends - np.array(ZERO)) * np.abs(grid)
    cells = Image.fromarray(np.round(colours).astype(np.uint8))
    return cells.resize((WIDTH, STRIP_ROWS * CELL_HEIGHT), Image.Resampling.NEAREST)


def written(text: str) -> Image.Image:
    """The text in lines that fit the picture, on the colour of its frame."""
    font = ImageFont.load_default(size=FONT_SIZE)
    lines = wrapped(text, font, WIDTH)
    image = Image.new("RGB", (WIDTH, LINE * len(lines)), FRAME)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((0, LINE * number + 2), line, fill=INK, font=font)
    return image


def wrapped(text: str, font: Font, width: float) -> list[str]:
    """At least one and at most MAX_LINES lines that are no wider than `width` pixels; the last ends in … when cut.

    Accents are left out; characters that Pillow's built-in font lacks appear as boxes.
    """
    lines = [""]
    for word in drawable(text).split():
        for piece in _pieces(word, font, width):
            longer = f"{lines[-1]} {piece}".strip()
            if font.getlength(longer) <= width:
                lines[-1] = longer
            else:
                lines.append(piece)
        if len(lines) > MAX_LINES:
            break
    if len(lines) <= MAX_LINES:
        return lines
    last = lines[MAX_LINES - 1]
    while font.getlength(last + " …") > width:
        last = last[:-1].rstrip()
    return [*lines[: MAX_LINES - 1], last + " …"]


def _pieces(word: str, font: Font, width: float) -> list[str]:
    """The word itself, or where it is wider than a line, parts that are not."""
    if font.getlength(word) <= width:
        return [word]
    pieces = [""]
    for letter in word[: MAX_LINES * WIDTH]:
        if font.getlength(pieces[-1] + letter) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces
