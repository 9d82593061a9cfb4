"""What was read in a picture: a word with what was read below it, and a scene with the outlines of its text."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from utils.draw.classification import FAINT, FRAME, INK, PAPER
from utils.preprocess.image import load_rgb

WIDTH, MARGIN, FONT_SIZE = 480, 16, 30  # pixels
OUTLINE, LABEL = (255, 64, 96), (255, 255, 255)
_LARGEST_FACTOR = 6.0


def draw_word(image: Image.Image, text: str, score: float) -> Image.Image:
    """The picture of a word, and what was read below it.

    Args:
        image: any image that Pillow has opened; it is scaled to the width of the result.
        text: what was read; a dash stands for nothing.
        score: the probability of the reading, 0 to 1.

    Returns:
        A new RGB image, 512 pixels wide.
    """
    picture = load_rgb(image)
    factor = min(WIDTH / picture.width, WIDTH / picture.height, _LARGEST_FACTOR)
    size = (max(round(picture.width * factor), 1), max(round(picture.height * factor), 1))
    picture = picture.resize(size, Image.Resampling.BICUBIC)
    ground = picture.height + 2 * MARGIN
    canvas = Image.new("RGB", (WIDTH + 2 * MARGIN, ground + FONT_SIZE + 2 * MARGIN), PAPER)
    canvas.paste(FRAME, (0, 0, canvas.width, ground))
    canvas.paste(picture, ((canvas.width - picture.width) // 2, MARGIN))
    draw = ImageDraw.Draw(canvas)
    small = ImageFont.load_default(size=18)
    figure = f"{score:.1%}"
    room = WIDTH - small.getlength(figure) - MARGIN
    baseline = ground + MARGIN + round(0.8 * FONT_SIZE)
    draw.text((MARGIN, baseline), text or "–", fill=INK, font=_fitting(text, room), anchor="ls")
    draw.text((MARGIN + WIDTH, baseline), figure, fill=FAINT, font=small, anchor="rs")
    return canvas


def draw_polygons(
    image: Image.Image, polygons: Sequence[np.ndarray], labels: Sequence[str] | None = None
) -> Image.Image:
    """The scene with each polygon outlined, and its label above it.

    Args:
        image: any image that Pillow has opened.
        polygons: each [K, 2], x and y in pixels of the image.
        labels: one for each polygon, by default none.

    Returns:
        A new RGB image of the same size; images with no side above 640 pixels come at twice their size.
    """
    picture = load_rgb(image)
    factor = 2 if max(picture.size) <= 640 else 1
    canvas = picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(canvas, "RGBA")
    line = max(round(max(canvas.size) / 400), 2)
    font = ImageFont.load_default(size=max(round(max(canvas.size) / 50), 12))
    for number, polygon in enumerate(polygons):
        points = [(float(x) * factor, float(y) * factor) for x, y in polygon]
        draw.polygon(points, fill=(*OUTLINE, 48))
        draw.line([*points, points[0], points[1]], fill=OUTLINE, width=line, joint="curve")
        if labels and labels[number]:
            _label(draw, font, points, labels[number], canvas.size)
    return canvas


def _label(
    draw: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    points: list[tuple[float, float]],
    text: str,
    size: tuple[int, int],
) -> None:
    """A small plate with the text, above the middle of the polygon, and always inside of the image."""
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    width, height = right - left + 8, bottom - top + 6
    middle, highest = sum(x for x, _ in points) / len(points), min(y for _, y in points)
    x = min(max(middle - width / 2, 0), max(size[0] - width, 0))
    y = min(max(highest - height, 0), max(size[1] - height, 0))
    draw.rectangle((x, y, x + width, y + height), fill=OUTLINE)
    draw.text((x + 4 - left, y + 3 - top), text, fill=LABEL, font=font)


def _fitting(text: str, room: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The built-in font, as large as fits."""
    length = ImageFont.load_default(size=FONT_SIZE).getlength(text or "–")
    return ImageFont.load_default(size=FONT_SIZE * min(1.0, room / max(length, 1)))
