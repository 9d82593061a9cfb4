"""What was cut out by a prompt as a picture: the mask tinted, the prompt's points and box on it."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from utils.draw.detection import DARK, LIGHT, class_colour
from utils.postprocess.pytorch.cut_out import CutOut
from utils.preprocess.image import upright
from utils.preprocess.pytorch.prompted import Prompted

_LEAST_SIDE = 480  # pixels; a smaller picture is enlarged
_TINT = 0.55


def draw_cut_out(asked: Prompted, found: CutOut) -> Image.Image:
    """Tint the mask, and draw what was pointed at: green points belong to the object, red ones do not.

    Args:
        asked: the picture and the prompt.
        found: its mask.

    Returns:
        A new RGB image; a small picture is enlarged in whole steps.
    """
    picture = upright(asked.picture)
    factor = max(-(-_LEAST_SIDE // max(picture.size)), 1)
    size = (picture.width * factor, picture.height * factor)
    pixels = np.asarray(picture.resize(size, Image.Resampling.BICUBIC), np.float32)
    mask = found.mask.repeat(factor, axis=0).repeat(factor, axis=1)[..., None]
    tinted = np.where(mask, (1 - _TINT) * pixels + _TINT * np.array(class_colour(1), np.float32), pixels)
    canvas = Image.fromarray(tinted.round().astype(np.uint8))
    draw = ImageDraw.Draw(canvas)
    line = max(round(max(size) / 200), 2)
    if asked.box is not None:
        left, top, width, height = (value * factor for value in asked.box)
        draw.rectangle((left, top, left + width, top + height), outline=LIGHT, width=line)
    points = asked.points or (() if asked.box else ((picture.width / 2, picture.height / 2, True),))
    for x, y, inside in points:
        box = (x * factor - 2 * line, y * factor - 2 * line, x * factor + 2 * line, y * factor + 2 * line)
        draw.ellipse(box, fill=(40, 200, 80) if inside else (220, 50, 50), outline=DARK)
    return canvas
