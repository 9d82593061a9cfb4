"""People's points as a picture: the box, the bones between points, and a dot on each point."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from utils.draw.detection import DARK, LEAST_SIDE, LIGHT, class_colour
from utils.keypoints import BONES
from utils.postprocess.pytorch.pose import Pose

_LEFT, _RIGHT, _MIDDLE = class_colour(0), class_colour(1), class_colour(2)


def draw_pose(image: Image.Image, pose: Pose, names: Sequence[str], shown: float) -> Image.Image:
    """Draw what was found of one person; see `draw_people`."""
    return draw_people(image, [pose], names, shown)


def draw_people(image: Image.Image, poses: Sequence[Pose], names: Sequence[str], shown: float) -> Image.Image:
    """Draw what was found of everybody: a person's left in one colour, the right in another.

    Args:
        image: an RGB picture; it is not changed. A small one is enlarged in whole steps.
        poses: points in pixels of `image`.
        names: of the points.
        shown: the least score of a point that is drawn.

    Returns:
        A new RGB image.
    """
    factor = max(-(-LEAST_SIDE // max(image.size)), 1)
    size = (image.width * factor, image.height * factor)
    canvas = image.resize(size, Image.Resampling.NEAREST if factor > 2 else Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(canvas)
    for pose in poses:
        _draw(draw, pose, names, shown, factor)
    return canvas


def _draw(draw: ImageDraw.ImageDraw, pose: Pose, names: Sequence[str], shown: float, factor: int) -> None:
    left, top, right, bottom = (value * factor for value in pose.box)
    line = max(round((bottom - top + right - left) / 180), 2)
    draw.rectangle((left, top, right, bottom), outline=LIGHT, width=max(line // 2, 1))
    places = {
        name: tuple(((np.array(point[:2]) + 0.5) * factor).tolist())
        for name, point in zip(names, pose.points.tolist(), strict=True)
        if point[2] >= shown
    }
    for one, other in BONES:
        if one in places and other in places:
            draw.line((*places[one], *places[other]), fill=_colour(one, other), width=line)
    for name, (x, y) in places.items():
        box = (x - 1.2 * line, y - 1.2 * line, x + 1.2 * line, y + 1.2 * line)
        draw.ellipse(box, fill=_colour(name, name), outline=DARK)


def _colour(one: str, other: str) -> tuple[int, int, int]:
    sides = {name.split("_")[0] for name in (one, other)} & {"left", "right"}
    return _MIDDLE if len(sides) != 1 else (_LEFT if sides == {"left"} else _RIGHT)
