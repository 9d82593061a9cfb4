"""A sum of floats that is the same in whatever order, and on however many processes, it is added up."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from utils.metrics.counts import foreign, is_count, is_number
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

    @classmethod
    def of(cls, state: Any, count: Any, low: float, high: float) -> ExactSum:
        """The sum of another process, as its `state()` gave it.

        Args:
            state: of a JSON file.
            count: of how many values, also of that file.
            low, high: between which each of them is.

        Raises:
            DataError: it cannot be that.
        """
        if not is_count(count):
            raise DataError(f"these are not the counts of a mean: of {count!r:.50} values.")
        if not isinstance(state, list) or not all(map(is_number, state)):
            raise foreign("a mean", state)
        made = cls(state)
        # of no values at all, every sum but 0 is wrong, and 0 times infinity is no number
        if not is_number(made.value, *((count * low, count * high) if count else (0, 0))):
            raise DataError(
                f"these are not the counts of a mean: {made.value:g} cannot be the sum of {count} values "
                f"from {low:g} to {high:g}."
            )
        return made
