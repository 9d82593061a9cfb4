"""Drawn people: what of a face stays the same from picture to picture, and what does not.

A `Person` is drawn from a seed: head, hair, eyes, brows, nose, mouth, beard, moles. A `Moment` is drawn anew for each
picture: pose, mouth, gaze, mask. The places of 68 points, in the order of 300-W, follow from both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from utils.datasets.samples.face_head import HAIRS
from utils.datasets.samples.face_skull import AXES, Skull
from utils.datasets.samples.face_surroundings import SKINS, Colour, Points, any_colour, darker, near, polygon

IRISES = ((60, 40, 26), (52, 84, 120), (60, 92, 62), (104, 104, 108), (120, 82, 30))
STYLES = ("bald", "short", "high", "long")
BEARDS = ("none", "none", "full", "moustache", "goatee")
GREY = (176, 176, 178)


@dataclass(frozen=True)
class Person:
    """What stays the same. Places and sizes are degrees on the head, unless they say otherwise.

    Attributes:
        age: in years: children have large and low eyes, from 30 on there are lines, more every ten years, from
            50 on the hair turns grey.
        woman: by the drawings' conventions: lashes and full lips; a man may have a beard.
        axes: half the width, height and depth of the head, in half heights.
        skin, hair, iris, lips: colours, RGB.
        style: of STYLES. beard: of BEARDS. line: latitude of the hair's line.
        eyes: longitude and latitude of the eye on the right, half its width and height.
        brow: height above the eye, thickness, slope.
        nose: latitude of its tip, half its width.
        mouth: latitude, half its width, thickness of the lips.
        moles: longitude and latitude of each, [K, 2].
    """

    age: float
    woman: bool
    axes: np.ndarray
    skin: Colour
    hair: Colour
    iris: Colour
    lips: Colour
    style: str
    beard: str
    line: float
    eyes: tuple[float, float, float, float]
    brow: tuple[float, float, float]
    nose: tuple[float, float]
    mouth: tuple[float, float, float]
    moles: np.ndarray


def person(random: np.random.RandomState) -> Person:
    """Somebody of any age from 0 to 89; the same for the same state of `random`."""
    age, woman = random.uniform(0, 90), bool(random.rand() < 0.5)
    child = float(np.clip((18 - age) / 18, 0, 1))
    grey = float(np.clip((age - 50) / 25, 0, 1))
    hair = np.array(near(random, HAIRS[random.randint(len(HAIRS))], 12)) * (1 - grey) + np.array(GREY) * grey
    full = random.uniform(3.4, 6.0) if woman else random.uniform(1.6, 3.2)
    return Person(
        age=age,
        woman=woman,
        axes=AXES * (random.uniform(0.86, 1.14) + 0.1 * child, 1, 1),
        skin=near(random, SKINS[random.randint(len(SKINS))], 14),
        hair=tuple(int(value) for value in hair),
        iris=near(random, IRISES[random.randint(len(IRISES))], 12),
        lips=near(random, (168, 70, 70), 34),
        style=STYLES[random.choice(4, p=(0.05, 0.15, 0.2, 0.6) if woman else (0.25, 0.4, 0.3, 0.05))],
        beard="none" if woman or age < 18 else BEARDS[random.randint(len(BEARDS))],
        line=random.uniform(36, 58),
        eyes=(
            random.uniform(20, 29),
            random.uniform(7, 13) - 14 * child,
            random.uniform(8.5, 11.5) + 1.5 * child,
            random.uniform(4, 6.4) + 2.5 * child,
        ),
        brow=(random.uniform(9, 14), random.uniform(1.6, 5.0) - (0.8 if woman else 0), random.uniform(-3, 3)),
        nose=(random.uniform(-16, -7) - 10 * child, random.uniform(7, 14) - 2 * child),
        mouth=(random.uniform(-44, -35) - 5 * child, random.uniform(14, 24) - 3 * child, full),
        moles=random.uniform((-50, -60), (50, 30), (random.randint(0, 4), 2)),
    )


class Portrait(Skull):
    """A person at a moment: pose and all that changes are drawn from `random`.

    Args:
        who: whose face it is.
        centre, size: as `Skull` has them, in pixels of the canvas.
        turned: the largest yaw, pitch and roll in degrees.
    """

    def __init__(
        self,
        random: np.random.RandomState,
        who: Person,
        centre: tuple[float, float],
        size: float,
        turned: tuple[float, float, float] = (30, 16, 22),
    ) -> None:
        yaw, pitch, roll = (float(np.clip(random.normal(0, 0.5), -1, 1)) * most for most in turned)
        super().__init__((yaw, pitch, roll), centre, size, who.axes)
        self.who = who
        self.open = float(random.uniform(5, 11)) if random.rand() < 0.3 else 0.0  # between the lips, in degrees
        self.smile = float(random.uniform(-2, 4))
        self.gaze = float(random.uniform(-3, 3))
        self.mask: Colour | None = any_colour(random) if random.rand() < 0.3 else None

    def landmarks(self) -> Points:
        """[5, 2]: eye, eye, nose, corners of the mouth, those on the picture's left first."""
        longitude, latitude = self.who.eyes[:2]
        corners = self._lip(np.array([0.0, 1.0]), 0.0)
        return np.concatenate(
            [self.at(-longitude, latitude), self.at(longitude, latitude), self.at(0, self.who.nose[0], 1.16), corners]
        )

    def points(self) -> Points:
        """[68, 2] in the order of 300-W: jaw, brows, nose, eyes, outer and inner edge of the lips."""
        turn = np.linspace(-82, 82, 17)
        jaw = self.at(np.where(turn < 0, -90, 90), np.abs(turn) - 90)
        brows = [self._brow(side, np.linspace(0, 1, 5), middle=True) for side in (-1, 1)]
        tip, wide = self.who.nose
        bridge = [
            self.at(0, latitude, lift) for latitude, lift in zip(np.linspace(8, tip, 4), self._bridge(), strict=True)
        ]
        base = self.at(np.linspace(-wide, wide, 5), tip - 5, 1.04)
        eyes = [self._lid(side) for side in (-1, 1)]
        return np.concatenate([jaw, *brows, *bridge, base, *eyes, self._mouth()])

    @staticmethod
    def _bridge() -> tuple[float, float, float, float]:
        return (1.0, 1.05, 1.1, 1.16)

    def draw(self, canvas: Image.Image) -> None:
        """Draw the face. What is drawn later covers what was drawn before."""
        pen, who = ImageDraw.Draw(canvas), self.who
        if who.style != "bald":
            around = self.outline(1.1 if who.style == "short" else 1.16) - self.centre
            polygon(pen, self.centre + around * (1, 1.35 if who.style == "long" else 1.0), who.hair)
        for side in (-88, 88):
            polygon(pen, self.patch(side, 0, 9, 16, lift=1.1), darker(who.skin, 0.9))
        polygon(pen, self.outline(), who.skin if who.style == "bald" else who.hair)
        self._face(pen)
        self._beard(pen)
        self._lines(pen)
        for side in (-1, 1):
            self._eye(pen, side)
        self._nose(pen)
        self._lips(pen)
        for longitude, latitude in who.moles.tolist():
            polygon(pen, self.patch(longitude, latitude, 2.2, 2.2), darker(who.skin, 0.45))
        if self.mask:
            across = np.linspace(-60, 60, 13)
            edge = (self.at(across, -8 - 10 * (across / 60) ** 2), self.at(across[::-1], np.full(13, -74)))
            polygon(pen, np.concatenate(edge), self.mask)

    def _face(self, pen: ImageDraw.ImageDraw) -> None:
        across = np.linspace(-80, 80, 17)
        arch = 12 if self.who.style == "high" else 24
        forehead = self.at(across, self.who.line - arch * (across / 80) ** 2)
        chin = self.at(across[::-1], np.full(17, -88.0) + 60 * np.abs(across[::-1] / 80) ** 3)
        polygon(pen, self.outline() if self.who.style == "bald" else np.concatenate([forehead, chin]), self.who.skin)

    def _beard(self, pen: ImageDraw.ImageDraw) -> None:
        latitude, wide, _ = self.who.mouth
        if self.who.beard == "full":
            polygon(pen, self.patch(0, latitude - 18, 52, 26), self.who.hair)
        elif self.who.beard == "goatee":
            polygon(pen, self.patch(0, latitude - 20, 16, 16), self.who.hair)
        if self.who.beard in ("full", "moustache"):
            polygon(pen, self.patch(0, latitude + 6, wide + 2, 4.5), self.who.hair)

    def _lines(self, pen: ImageDraw.ImageDraw) -> None:
        """Wrinkles: of the forehead, beside the eyes, and from the nose to the mouth."""
        many = int(np.clip((self.who.age - 20) / 10, 0, 6))
        across = np.linspace(-22, 22, 9)
        places = [(across, np.full(9, 30.0)), (across, np.full(9, 34.0))]
        for side in (-1, 1):
            places.append((side * np.linspace(16, 24, 5), np.linspace(-14, -32, 5)))
            places.append((side * np.linspace(39, 47, 5), np.linspace(9, 13, 5)))
            places.append((side * np.linspace(39, 47, 5), np.linspace(6, 2, 5)))
        order = (2, 5, 0, 3, 6, 4, 7, 1)
        for number in order[: many + (many > 0)]:
            self._stroke(pen, self.at(*places[number]), darker(self.who.skin, 0.66), 34)

    def _eye(self, pen: ImageDraw.ImageDraw, side: int) -> None:
        longitude, latitude, wide, high = self.who.eyes
        place = longitude * side
        polygon(pen, self.patch(place, latitude, wide, high), (244, 243, 238))
        polygon(pen, self.patch(place + self.gaze, latitude, high * 0.95, high * 0.95), self.who.iris)
        polygon(pen, self.patch(place + self.gaze, latitude, high * 0.42, high * 0.48), (14, 12, 12))
        if self.who.woman:
            across = np.linspace(-wide, wide, 9)
            lid = self.at(place + across, latitude + high * np.sqrt(1 - (across / wide) ** 2))
            self._stroke(pen, lid, (24, 18, 18), 22)
        along = np.linspace(0, 1, 7)
        edge = np.concatenate([self._brow(side, along), self._brow(side, along[::-1], lower=True)])
        polygon(pen, edge, darker(self.who.hair, 0.8))

    def _brow(self, side: int, along: np.ndarray, lower: bool = False, middle: bool = False) -> Points:
        """Points of a brow; `along` goes from 0 on the picture's left to 1."""
        height, thick, slope = self.who.brow
        longitude, latitude = self.who.eyes[:2]
        offset = 26 * along - 13
        top = latitude + height - 3 * (offset / 13) ** 2 + slope * side * offset / 13
        return self.at(side * longitude + offset, top - (thick if lower else thick / 2 if middle else 0))

    def _lid(self, side: int) -> Points:
        """[6, 2]: the left corner, two points of the upper lid, the right corner, two of the lower lid."""
        longitude, latitude, wide, high = self.who.eyes
        across = np.array([-1, -0.4, 0.4, 1, 0.4, -0.4]) * wide
        up = np.array([0, 1, 1, 0, -1, -1]) * high * np.sqrt(1 - (across / wide) ** 2)
        return self.at(side * longitude + across, latitude + up)

    def _nose(self, pen: ImageDraw.ImageDraw) -> None:
        tip, wide = self.who.nose
        point = self.at(0, tip, 1.16)
        sides = self.at([-3, wide, -wide], [6, tip - 4, tip - 4])
        polygon(pen, np.concatenate([sides[:1], point, sides[2:]]), darker(self.who.skin, 0.86))
        polygon(pen, np.concatenate([point, sides[1:]]), darker(self.who.skin, 0.74))

    def _lip(self, along: np.ndarray, offset: float) -> Points:
        """Points of a line across the mouth; `along` goes from 0 to 1, `offset` is above the line at its middle."""
        latitude, wide, _ = self.who.mouth
        across = (2 * along - 1) * wide
        curve = 1 - (2 * along - 1) ** 2
        return self.at(across, latitude + (offset - self.smile) * curve)

    def _edges(self) -> tuple[float, float, float, float]:
        """Offsets of the mouth's lines, from the top: both edges of the upper lip, both of the lower one."""
        thick = self.who.mouth[2]
        return (self.open / 2 + thick, self.open / 2 + 0.3, -self.open / 2 - 0.3, -self.open / 2 - thick)

    def _mouth(self) -> Points:
        """[20, 2]: the outer edge from the left corner over the upper lip, then the inner edge."""
        top, upper, under, end = self._edges()
        outer = [self._lip(np.linspace(0, 1, 7), top), self._lip(np.linspace(1, 0, 7)[1:-1], end)]
        inner = [self._lip(np.linspace(0.1, 0.9, 5), upper), self._lip(np.linspace(0.9, 0.1, 5)[1:-1], under)]
        return np.concatenate([*outer, *inner])

    def _lips(self, pen: ImageDraw.ImageDraw) -> None:
        top, upper, under, end = self._edges()
        along = np.linspace(0, 1, 11)
        polygon(pen, np.concatenate([self._lip(along, top), self._lip(along[::-1], end)]), self.who.lips)
        dark = (60, 22, 24) if self.open else darker(self.who.lips, 0.55)
        polygon(pen, np.concatenate([self._lip(along, upper), self._lip(along[::-1], under)]), dark)

    def _stroke(self, pen: ImageDraw.ImageDraw, points: Points, colour: Colour, part: int) -> None:
        pen.line([tuple(point) for point in points.tolist()], fill=colour, width=max(round(self.size / part), 1))
