"""Samples that are drawn when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from utils.datasets.sample import Viewed

T = TypeVar("T")


class Drawn(Viewed[T]):
    """What `draw` makes of each of `numbers`.

    Args:
        draw: makes the sample of a number, always the same one.
        numbers: of the samples.
    """

    def __init__(self, draw: Callable[[int], T], numbers: Sequence[int]):
        self._draw, self._places = draw, numbers

    def _read(self, place: int) -> T:
        return self._draw(place)
