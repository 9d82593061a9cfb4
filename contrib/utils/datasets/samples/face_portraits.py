"""Pictures of drawn people, one face each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image

from utils.datasets.samples.face_people import Person, Portrait, person
from utils.datasets.samples.face_surroundings import Points, any_colour, background, photographed

SIDE = 144  # pixels
_OVER = 2  # drawn at twice the size and scaled down, which smooths the edges


class Pictured(NamedTuple):
    """A picture of one face.

    Attributes:
        picture: RGB, 144 x 144 pixels.
        box: (left, top, right, bottom) of the head in pixels, cut at the picture's edges.
        landmarks: float64 [5, 2], x and y in pixels: eye, eye, nose, corners of the mouth.
        points: float64 [68, 2], in the order of 300-W.
        angles: (yaw, pitch, roll) in degrees.
        masked: whether a mask covers nose and mouth.
    """

    picture: Image.Image
    box: tuple[float, float, float, float]
    landmarks: Points
    points: Points
    angles: tuple[float, float, float]
    masked: bool


def draw_portrait(random: np.random.RandomState, who: Person, masks: bool = False) -> Pictured:
    """A new picture of somebody: another pose, place, size, background and light.

    Args:
        random: what the picture is drawn with.
        who: whose face it shows.
        masks: whether there may be a mask.
    """
    side = SIDE * _OVER
    canvas = Image.new("RGB", (side, side), any_colour(random))
    background(random, canvas)
    size = random.uniform(0.29, 0.38) * side
    centre = (side / 2 + random.uniform(-0.08, 0.08) * side, side / 2 + random.uniform(-0.08, 0.08) * side)
    head = Portrait(random, who, centre, size)
    if not masks:
        head.mask = None
    head.draw(canvas)
    picture, _, _ = photographed(random, canvas.resize((SIDE, SIDE), Image.Resampling.BOX))
    edge = head.outline() / _OVER
    low, high = edge.min(axis=0).clip(0, SIDE), edge.max(axis=0).clip(0, SIDE)
    return Pictured(
        picture,
        (float(low[0]), float(low[1]), float(high[0]), float(high[1])),
        head.landmarks() / _OVER,
        head.points() / _OVER,
        (head.yaw, head.pitch, head.roll),
        head.mask is not None,
    )


def portraits_of(number: int, pictures: int, first: int = 0, masks: bool = False) -> tuple[Person, list[Pictured]]:
    """Person `number` and pictures `first`, `first` + 1 … of them; the same on every machine for the same numbers."""
    who = person(np.random.RandomState(number))
    made = [draw_portrait(np.random.RandomState((number, one)), who, masks) for one in range(first, first + pictures)]
    return who, made
