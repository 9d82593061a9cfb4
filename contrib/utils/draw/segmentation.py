"""A segmented picture: each class tinted in its colour, its edges drawn, and a legend below."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from utils.draw.detection import class_colour
from utils.postprocess.pytorch.segmentation import Segments

LEAST_SIDE = 480  # pixels; a smaller picture is enlarged, so that the legend fits below it
TINT = 0.6
PAPER, INK, FAINT = (255, 255, 255), (28, 32, 38), (110, 117, 126)
LEAST_SHARE = 0.001  # smaller classes are tinted, and not named


def draw_segments(image: Image.Image, found: Segments, labels: Sequence[str]) -> Image.Image:
    """Tint `image` by class and name the classes below it, the largest first.

    Args:
        image: an RGB picture of the mask's size; it is not changed. A small one is enlarged in whole steps.
        found: the class of each pixel; class 0, the background, is not tinted.
        labels: the name of each class, by index.

    Returns:
        A new RGB image.
    """
    factor = max(-(-LEAST_SIDE // max(image.size)), 1)
    size = (image.width * factor, image.height * factor)
    picture = np.asarray(image.resize(size, Image.Resampling.BICUBIC), np.float32)
    mask = found.mask.repeat(factor, axis=0).repeat(factor, axis=1)
    colours = np.array([(0, 0, 0), *(class_colour(index) for index in range(1, len(labels)))], np.float32)
    # on the picture's grey, so that a class has the colour of the legend whatever is below it
    grey = picture @ np.array([0.299, 0.587, 0.114], np.float32)
    tinted = np.where(mask[..., None] > 0, (1 - TINT) * grey[..., None] + TINT * colours[mask], picture)
    edge = _edges(mask, reach=max(round(max(size) / 320), 1))
    tinted[edge] = colours[mask[edge]] * 0.45
    rows = [(index, share) for index, share in found.shares() if share >= LEAST_SHARE]
    return _with_legend(Image.fromarray(tinted.round().astype(np.uint8)), rows, labels)


def _edges(mask: np.ndarray, reach: int) -> np.ndarray:
    """bool [H, W]: pixels of a class other than 0 that lie within `reach` of another class."""
    edge = np.zeros(mask.shape, bool)
    for axis in (0, 1):
        for step in range(1, reach + 1):
            before, after = (np.take(mask, range(start, mask.shape[axis] - step + start), axis) for start in (0, step))
            rows, columns = np.nonzero(before != after)
            edge[rows, columns] = True
            edge[rows + step * (axis == 0), columns + step * (axis == 1)] = True
    return edge & (mask > 0)


def _with_legend(picture: Image.Image, rows: Sequence[tuple[int, float]], labels: Sequence[str]) -> Image.Image:
    """White space below, in which each class has a square of its colour, its name and its share."""
    size = max(round(picture.width / 32), 12)
    font = ImageFont.load_default(size=size)
    entries = [(index, f"{labels[index]} {share:.1%}") for index, share in rows]
    places, x, y = [], size, size
    for index, text in entries:
        width = round(2.7 * size + font.getlength(text))
        if x > size and x + width > picture.width:
            x, y = size, y + round(1.7 * size)
        places.append((x, y, index, text))
        x += width
    canvas = Image.new("RGB", (picture.width, picture.height + y + 2 * size), PAPER)
    canvas.paste(picture)
    pen = ImageDraw.Draw(canvas)
    for x, y, index, text in places:
        top = picture.height + y
        fill = class_colour(index) if index else PAPER
        pen.rectangle((x, top, x + size, top + size), fill=fill, outline=FAINT)
        pen.text((x + 1.4 * size, top + size / 2), text, fill=INK, font=font, anchor="lm")
    return canvas
