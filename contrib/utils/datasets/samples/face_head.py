"""A drawn head: an ellipsoid that is turned and rolled, with features that are patches of its surface."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from utils.datasets.samples.face_skull import Skull, ring
from utils.datasets.samples.face_surroundings import (
    SKINS,
    Colour,
    Points,
    any_colour,
    darker,
    near,
    polygon,
)

HAIRS = ((30, 24, 22), (74, 48, 30), (130, 84, 44), (196, 158, 92), (160, 160, 162), (150, 62, 32))


class Head(Skull):
    """One face: its pose, its colours, and where its parts fall in the picture (in pixels of the large canvas)."""

    def __init__(self, random: np.random.RandomState, centre: tuple[float, float], size: float) -> None:
        turned = random.rand() < 0.3
        yaw = random.uniform(-45, 45) if turned else random.uniform(-18, 18)
        pitch = random.uniform(-22, 22) if turned else random.uniform(-10, 10)
        roll = random.uniform(-40, 40) if turned else random.uniform(-14, 14)
        super().__init__((yaw, pitch, roll), centre, size)
        self.open_mouth = random.rand() < 0.3
        self.turned = max(abs(yaw) / 30, abs(pitch) / 18, abs(roll) / 30) > 1

    def landmarks(self) -> Points:
        """[5, 2] pixels of the large canvas."""
        parts = [self.at(-25, 10), self.at(25, 10), self.at(0, -10, 1.16), self.at(-20, -38), self.at(20, -38)]
        return np.concatenate(parts)

    def draw(self, random: np.random.RandomState, canvas: Image.Image, owner: Image.Image, number: int) -> None:
        """Draw the head, and `number` into `owner` where it is."""
        pen = ImageDraw.Draw(canvas)
        skin = near(random, SKINS[random.randint(len(SKINS))], 12)
        hair = near(random, HAIRS[random.randint(len(HAIRS))], 12)
        style = random.randint(4)  # 0 is bald
        if style:
            around = self.outline(1.14) - self.centre
            polygon(pen, self.centre + around * (1, 1.25 if style == 3 else 1.0), hair)
        for side in (-88, 88):
            polygon(pen, self.patch(side, 0, 9, 16, lift=1.1), darker(skin, 0.9))
        polygon(pen, self.outline(), hair if style else skin)
        line = random.uniform(38, 56)
        longitudes = np.linspace(-80, 80, 17)
        forehead = self.at(longitudes, line - 12 * (longitudes / 80) ** 2)
        chin = self.at(longitudes[::-1], np.full(17, -88.0) + 60 * np.abs(longitudes[::-1] / 80) ** 3)
        polygon(pen, np.concatenate([forehead, chin]) if style else self.outline(), skin)
        polygon(ImageDraw.Draw(owner), self.outline(), number)
        if random.rand() < 0.2:
            polygon(pen, self.at(*ring(0, -56, 50, 24)), hair)  # a beard
        self._features(random, pen, skin, hair)
        if random.rand() < 0.12:
            self._dark_glasses(pen, ImageDraw.Draw(owner), near(random, (30, 30, 34), 20))
        if random.rand() < 0.10:
            self._mask(pen, ImageDraw.Draw(owner), any_colour(random))

    def _features(self, random: np.random.RandomState, pen: ImageDraw.ImageDraw, skin: Colour, hair: Colour) -> None:
        iris = near(random, ((60, 40, 26), (52, 84, 120), (60, 92, 62))[random.randint(3)], 15)
        gaze = random.uniform(-3, 3)
        for side in (-1, 1):
            longitude = 25 * side
            polygon(pen, self.patch(longitude, 10, 11, 6), (244, 243, 238))
            polygon(pen, self.patch(longitude + gaze, 10, 5.2, 5.4), iris)
            polygon(pen, self.patch(longitude + gaze, 10, 2.4, 2.8), (14, 12, 12))
            brow = np.linspace(-13, 13, 7)
            upper = self.at(longitude + brow, 23 - 3 * (brow / 13) ** 2)
            lower = self.at(longitude + brow[::-1], 19.5 - 3 * (brow / 13) ** 2)
            polygon(pen, np.concatenate([upper, lower]), darker(hair, 0.8))
        nose = np.concatenate([self.at(-3, 6), self.at(0, -10, 1.16), self.at(11, -14), self.at(-11, -14)])
        polygon(pen, nose[[0, 1, 3]], darker(skin, 0.86))
        polygon(pen, nose[[1, 2, 3]], darker(skin, 0.74))
        across = np.linspace(-20, 20, 11)
        smile = random.uniform(-3, 5)
        gape = random.uniform(6, 11) if self.open_mouth else 2.6
        curve = 1 - (across / 20) ** 2
        upper = self.at(across, -38 - smile * curve + 2.2 * curve)
        lower = self.at(across[::-1], -38 - smile * curve - gape * curve)
        lips = near(random, (168, 70, 70), 20)
        polygon(pen, np.concatenate([upper, lower]), (60, 22, 24) if self.open_mouth else lips)
        width = max(round(self.size / 22), 1)
        pen.line([tuple(point) for point in np.concatenate([upper, lower, upper[:1]])], fill=lips, width=width)

    def _dark_glasses(self, pen: ImageDraw.ImageDraw, owner: ImageDraw.ImageDraw, colour: Colour) -> None:
        for one, fill in ((pen, colour), (owner, 0)):
            for side in (-25, 25):
                polygon(one, self.patch(side, 9, 18, 12, lift=1.04), fill)
            bridge = [tuple(point) for point in self.at((-25, 0, 25), (13, 13, 13), 1.06)]
            one.line(bridge, fill=fill, width=max(round(self.size / 12), 1))

    def _mask(self, pen: ImageDraw.ImageDraw, owner: ImageDraw.ImageDraw, colour: Colour) -> None:
        across = np.linspace(-60, 60, 13)
        edge = np.concatenate([self.at(across, -8 - 10 * (across / 60) ** 2), self.at(across[::-1], np.full(13, -72))])
        polygon(pen, edge, colour)
        polygon(owner, edge, 0)
