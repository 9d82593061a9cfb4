"""A sum of floats that is the same in whatever order, and on however many processes, it is added up."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from zoo_core.errors import DataError


class ExactSum:
    """Keeps the sum without any rounding, as a few floats that do not overlap; only `value` is rounded.

    Args:
        values: to begin with.
    """

    def __init__(self, values: Iterable[float] = ()):
        self._parts: list[float] = []
        self.add(values)

    def add(self, values: Iterable[float]) -> None:
        """Add finite numbers. Each step keeps what its rounding loses as a part of its own (Shewchuk, 1997)."""
        for value in values:
            carried = float(value)
            kept = []
            for part in self._parts:
                large, small = (carried, part) if abs(carried) >= abs(part) else (part, carried)
                carried = large + small
                lost = small - (carried - large)
                if lost:
                    kept.append(lost)
            self._parts = [*kept, carried]

    @property
    def value(self) -> float:
        """The sum, rounded once."""
        return math.fsum(self._parts)

    def state(self) -> list[float]:
        """The parts, whose sum it is."""
        return list(self._parts)

    def merge(self, state: Any) -> None:
        """Add the sum of another process, as its `state()` gave it; DataError when it is not that."""
        numbers: list[Any] = state if isinstance(state, list) else [None]
        if not all(type(one) in (int, float) and math.isfinite(one) for one in numbers):
            raise DataError(f"this is no sum of finite numbers: {state!r:.200}.")
        self.add(numbers)
