"""What another process counted, looked at before it is added: it comes out of a file, where anything may stand."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

from zoo_core.errors import DataError

# Up to here float64 holds every whole number, and no data set has as many of anything
_MOST = 2**53
# Squares of what is smaller are numbers
_LARGEST = 1e150


def foreign(what: str, state: Any) -> DataError:
    """That `state` holds no counts of a metric, which `what` names."""
    return DataError(f"these are not the counts of {what}: {state!r:.200}.")


def is_count(value: Any) -> bool:
    """Whether it is a whole number from 0 on, of a size that can be counted up to."""
    return type(value) is int and 0 <= value <= _MOST


def is_number(value: Any, low: float = -_LARGEST, high: float = _LARGEST) -> bool:
    """Whether it is a number from `low` to `high`, give or take what rounding changes."""
    if type(value) not in (int, float) or not -_LARGEST <= value <= _LARGEST:
        return False
    return bool(low <= value <= high or math.isclose(value, low) or math.isclose(value, high))


def fields_of(state: Any, names: Collection[str], what: str) -> dict[str, Any]:
    """`state`, which is what JSON calls an object, and has these fields and no others; otherwise DataError."""
    if not isinstance(state, dict) or set(state) != set(names):
        raise foreign(what, state)
    return state


def counts_of(state: Any, names: Collection[str], what: str) -> dict[str, int]:
    """`state`, where it has these fields, no others, and a count (`is_count`) in each; otherwise DataError."""
    if not all(map(is_count, fields_of(state, names, what).values())):
        raise foreign(what, state)
    return dict(state)


def are_vectors(values: Any) -> bool:
    """Whether they are lists of numbers, none of them empty."""
    return isinstance(values, list) and all(
        isinstance(one, list) and len(one) > 0 and all(map(is_number, one)) for one in values
    )
