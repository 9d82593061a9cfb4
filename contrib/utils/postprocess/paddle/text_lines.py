"""Lines of text as PaddleOCR takes them out of a picture, and the order in which they are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np

_ROW = 10.0  # pixels by which lines beside each other may be higher or lower
_UPRIGHT = 1.5  # from so many times as high as wide on, a line runs downwards


class Placed(Protocol):
    """Something with corners."""

    @property
    def polygon(self) -> np.ndarray:
        """float [4, 2]: x and y in pixels."""


T = TypeVar("T", bound=Placed)


def in_reading_order(found: Sequence[T]) -> list[T]:
    """From top to bottom; those whose first corners are less than ten pixels apart in height from left to right."""
    ordered: list[T] = []
    for one in sorted(found, key=lambda each: tuple(from_upper_left(each.polygon)[0][::-1])):
        place = len(ordered)
        left, top = from_upper_left(one.polygon)[0]
        while place:
            other = from_upper_left(ordered[place - 1].polygon)[0]
            if abs(other[1] - top) >= _ROW or other[0] <= left:
                break
            place -= 1
        ordered.insert(place, one)
    return ordered


def from_upper_left(corners: np.ndarray) -> np.ndarray:
    """The four corners [4, 2] in the order upper left, upper right, lower right, lower left, where the two with the
    smallest x are left."""
    byx = corners[np.argsort(corners[:, 0], kind="stable")]
    left, right = (pair[np.argsort(pair[:, 1], kind="stable")] for pair in (byx[:2], byx[2:]))
    return np.stack([left[0], right[0], right[1], left[1]])


def line_of(pixels: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """A line, upright, or on its head: what lies between four corners, as a rectangle.

    Args:
        pixels: uint8 [H, W, 3].
        corners: [4, 2], in pixels. What is half as high again as wide is turned to the left.

    Returns:
        uint8 [height, width, 3], at least 1 x 1.
    """
    import cv2

    source = from_upper_left(corners).astype(np.float32)
    sides = np.linalg.norm(np.roll(source, -1, axis=0) - source, axis=1)
    width, height = (max(int(max(sides[first], sides[first + 2])), 1) for first in (0, 1))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, target)
    made = cv2.warpPerspective(pixels, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE, flags=cv2.INTER_CUBIC)
    return np.ascontiguousarray(np.rot90(made)) if height / width >= _UPRIGHT else made
