"""The points of a face: which of them there are, between which two eyes are measured, and what belongs together."""

from __future__ import annotations

from typing import NamedTuple

FIVE = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")


class Layout(NamedTuple):
    """An order of points.

    Attributes:
        title: whose order it is.
        eyes: the two points whose distance errors are divided by.
        lines: (first, behind the last, closed) of the points that a line connects.
    """

    title: str
    eyes: tuple[int, int]
    lines: tuple[tuple[int, int, bool], ...]


LAYOUTS = {
    5: Layout("eye, eye, nose, corners of the mouth", (0, 1), ()),
    68: Layout(
        "300-W",
        (36, 45),  # the outer corners of the eyes
        (
            (0, 17, False),
            (17, 22, False),
            (22, 27, False),
            (27, 31, False),
            (31, 36, False),
            (36, 42, True),
            (42, 48, True),
            (48, 60, True),
            (60, 68, True),
        ),
    ),
}
