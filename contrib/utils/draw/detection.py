"""A detector's result as a picture: a box around each object, with its class and score."""

import colorsys
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from utils.postprocess.pytorch.detection import Detections

LEAST_SIDE = 640  # pixels; a smaller picture is enlarged, so that labels are small beside it
DARK, LIGHT = (20, 22, 26), (255, 255, 255)
Colour = tuple[int, int, int]
Rectangle = tuple[float, float, float, float]


def draw_detections(image: Image.Image, found: Detections, labels: Sequence[str]) -> Image.Image:
    """Draw every box of `found`, the best ones on top.

    Args:
        image: an RGB picture; it is not changed. A small one is enlarged in whole steps.
        found: boxes in pixels of `image`; what lies outside of it is cut off.
        labels: the name of each class, by index.

    Returns:
        A new RGB image.
    """
    factor = max(-(-LEAST_SIDE // max(image.size)), 1)
    size = (image.width * factor, image.height * factor)
    canvas = image.resize(size, Image.Resampling.NEAREST if factor > 2 else Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(canvas)
    line = max(round(max(size) / 300), 2)
    letters = max(round(max(size) / 42), 14)
    font = ImageFont.load_default(size=letters)
    boxes = np.clip(found.boxes * factor, 0, [canvas.width - 1, canvas.height - 1] * 2).tolist()
    rows = list(zip(boxes, found.classes.tolist(), found.scores.tolist(), strict=True))
    for box, index, _ in reversed(rows):
        draw.rectangle(tuple(box), outline=class_colour(index), width=line)
    taken: list[Rectangle] = []
    tags = []
    for box, index, score in rows:  # the best choose their place first
        text = f"{labels[index]} {score:.2f}"
        tag = _place(box, font.getlength(text) + 3 * line, letters * 1.3, size, taken)
        taken.append(tag)
        tags.append((tag, text, index))
    for tag, text, index in reversed(tags):
        colour = class_colour(index)
        draw.rectangle(tag, fill=colour)
        middle = (tag[1] + tag[3]) / 2
        draw.text((tag[0] + 1.5 * line, middle), text, fill=_readable_on(colour), font=font, anchor="lm")
    return canvas


def class_colour(index: int) -> Colour:
    """The colour of a class, RGB; neighbouring indices are far apart."""
    hue = (0.58 + index * 0.618034) % 1
    return tuple(round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.85, 0.95))  # type: ignore[return-value]


def _readable_on(colour: Colour) -> Colour:
    luma = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]
    return DARK if luma > 140 else LIGHT


def _place(
    box: Sequence[float], width: float, height: float, size: tuple[int, int], taken: Sequence[Rectangle]
) -> Rectangle:
    """Where a label of a box goes: above it, below it, or inside at the top; the first place that is free."""
    left = min(max(box[0], 0), max(size[0] - width, 0))
    tops = (box[1] - height, box[3], box[1], box[3] - height)
    places = [(left, top, left + width, top + height) for top in tops if 0 <= top <= size[1] - height]
    free = [place for place in places if not any(_touch(place, other) for other in taken)]
    fallback = (left, max(box[1], 0), left + width, max(box[1], 0) + height)
    return (free or places or [fallback])[0]


def _touch(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
