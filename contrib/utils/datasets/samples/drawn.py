"""Samples that are drawn when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar, overload

T = TypeVar("T")


class Drawn(Sequence[T], Generic[T]):
    """What `draw` makes of each of `numbers`; a slice is of the same kind, and draws nothing.

    Args:
        draw: makes the sample of a number, always the same one.
        numbers: of the samples.
    """

    def __init__(self, draw: Callable[[int], T], numbers: Sequence[int]):
        self._draw, self._numbers = draw, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Drawn[T]: ...
    def __getitem__(self, index: int | slice) -> T | Drawn[T]:
        if isinstance(index, slice):
            return Drawn(self._draw, self._numbers[index])
        return self._draw(self._numbers[index])
