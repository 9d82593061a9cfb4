"""A row of a click log as a picture: the probability of a click on a scale, and below it what the row says."""

import math

from PIL import Image, ImageDraw, ImageFont

from utils.datasets.criteo import CATEGORIES, COLUMNS, FEATURES, INTEGERS

WIDTH, MARGIN = 640, 24  # pixels
PAPER, INK, FAINT, TRACK, MISSING = (255, 255, 255), (28, 32, 38), (110, 117, 126), (226, 230, 235), (240, 242, 244)
HIGH, NUMBER = (22, 119, 190), (96, 142, 176)
_TOP, _BARS, _CELL = 150, 130, 44
_ACROSS = 7  # categories side by side
_FULL = math.log1p(10_000)  # a count that fills its bar


def draw_click(row: str, score: float) -> Image.Image:
    """Draw one row.

    Args:
        row: the 39 features between tabs (a label before them is passed over); they must be readable.
        score: the probability of a click, 0 to 1.

    Returns:
        A new RGB image, 640 pixels wide: the probability; a bar for each whole number, its length the logarithm of
        the number; a coloured cell for each category, the same colour for the same category. What is missing is
        left empty.
    """
    columns = row.split("\t")[-FEATURES:]
    rows = -(-CATEGORIES // _ACROSS)
    canvas = Image.new("RGB", (WIDTH, _TOP + _BARS + 22 + rows * _CELL + MARGIN), PAPER)
    draw = ImageDraw.Draw(canvas)
    _draw_score(draw, score)
    _draw_numbers(draw, columns[:INTEGERS], _TOP)
    _draw_categories(draw, columns[INTEGERS:], _TOP + _BARS + 22)
    return canvas


def _draw_score(draw: ImageDraw.ImageDraw, score: float) -> None:
    draw.text((MARGIN, 20), "probability of a click", fill=FAINT, font=ImageFont.load_default(size=16))
    draw.text((MARGIN, 40), f"{score:.1%}", fill=INK, font=ImageFont.load_default(size=40))
    left, right, top = MARGIN, WIDTH - MARGIN, 98
    draw.rounded_rectangle((left, top, right, top + 14), 7, fill=TRACK)
    length = round((right - left) * score)
    if length:
        draw.rounded_rectangle((left, top, left + length, top + 14), min(length // 2, 7), fill=HIGH)


def _draw_numbers(draw: ImageDraw.ImageDraw, columns: list[str], top: int) -> None:
    """A bar that stands up for each number."""
    small = ImageFont.load_default(size=11)
    step = (WIDTH - 2 * MARGIN) / INTEGERS
    for place, (name, text) in enumerate(zip(COLUMNS[1:], columns, strict=False)):
        left, base = MARGIN + round(place * step), top + _BARS - 18
        middle, right = left + step / 2 - 3, left + round(step) - 6
        draw.rectangle((left, top + 16, right, base), fill=MISSING)
        if text:
            share = min(math.log1p(max(int(text), 0)) / _FULL, 1.0)
            height = round((base - top - 16) * share)
            draw.rectangle((left, base - height, right, base), fill=NUMBER)
            draw.text((middle, top + 2), _short(int(text)), fill=INK, font=small, anchor="ma")
        draw.text((middle, base + 5), name, fill=FAINT, font=small, anchor="ma")


def _draw_categories(draw: ImageDraw.ImageDraw, columns: list[str], top: int) -> None:
    """A cell for each category, with its digits."""
    small = ImageFont.load_default(size=11)
    step = (WIDTH - 2 * MARGIN) / _ACROSS
    for place, (name, text) in enumerate(zip(COLUMNS[1 + INTEGERS :], columns, strict=False)):
        left, upper = MARGIN + round(place % _ACROSS * step), top + place // _ACROSS * _CELL
        box = (left, upper, left + round(step) - 6, upper + _CELL - 7)
        draw.rounded_rectangle(box, 5, fill=_colour(text) if text else MISSING)
        draw.text((left + 8, upper + 4), name, fill=FAINT, font=small)
        draw.text((left + 8, upper + 18), text[:10] or "missing", fill=INK if text else FAINT, font=small)


def _colour(text: str) -> tuple[int, int, int]:
    """A light colour that goes with the category."""
    from colorsys import hls_to_rgb

    hue = int(text, 16) * 0.618034 % 1
    red, green, blue = hls_to_rgb(hue, 0.88, 0.55)
    return round(255 * red), round(255 * green), round(255 * blue)


def _short(value: int) -> str:
    """A number in at most five characters: 12345 as 12k."""
    for power, unit in ((9, "G"), (6, "M"), (3, "k")):
        if value >= 10 ** max(power, 4):
            return f"{value // 10**power}{unit}"
    return str(value)
