"""Found faces as a picture: a box around each face with its score, and its five landmarks."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from utils.postprocess.pytorch.face import FoundFaces

LEAST_SIDE = 640  # pixels; a smaller picture is enlarged, so that the marks are small beside it
BOX, INK = (255, 214, 10), (20, 22, 26)
EYES, NOSE, MOUTH = (64, 224, 208), (255, 99, 71), (238, 130, 238)
POINTS = (EYES, EYES, NOSE, MOUTH, MOUTH)


def draw_faces(image: Image.Image, found: FoundFaces) -> Image.Image:
    """Draw every face of `found`, the best ones on top.

    Args:
        image: an RGB picture; it is not changed. A small one is enlarged in whole steps.
        found: boxes and landmarks in pixels of `image`.

    Returns:
        A new RGB image.
    """
    factor = max(-(-LEAST_SIDE // max(image.size)), 1)
    size = (image.width * factor, image.height * factor)
    canvas = image.resize(size, Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(canvas)
    line = max(round(max(size) / 320), 2)
    rows = list(zip(found.boxes * factor, found.scores.tolist(), found.landmarks * factor, strict=True))
    for box, _, points in reversed(rows):
        _draw_face(pen, box.tolist(), points, line)
    font = ImageFont.load_default(size=max(round(max(size) / 46), 13))
    for box, score, _ in reversed(rows):
        _draw_score(pen, font, box.tolist(), f"{score:.2f}", size)
    return canvas


def _draw_face(pen: ImageDraw.ImageDraw, box: list[float], points: np.ndarray, line: int) -> None:
    left, top, right, bottom = box
    pen.rectangle((left, top, right, bottom), outline=BOX, width=line)
    # a dot hides no more than a small part of a small face
    radius = min(max((right - left) / 28, 1.5), 3.0 * line)
    for (x, y), colour in zip(points.tolist(), POINTS[: len(points)], strict=True):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour, outline=INK)


def _draw_score(
    pen: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    box: list[float],
    text: str,
    size: tuple[int, int],
) -> None:
    """On a label above the box; below it where there is no room."""
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
    width, height = right - left + 6, bottom - top + 6
    x = min(max(box[0], 0), size[0] - width)
    y = box[1] - height if box[1] >= height else min(box[3], size[1] - height)
    pen.rectangle((x, y, x + width, y + height), fill=BOX)
    pen.text((x + 3 - left, y + 3 - top), text, fill=INK, font=font)
