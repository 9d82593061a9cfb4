"""A bar with an estimate, for long work."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TypeVar

_T = TypeVar("_T")


def progress(items: Iterable[_T], total: int, what: str, unit: str) -> Iterable[_T]:
    """`items`, with a bar and an estimate on a terminal."""
    from tqdm import tqdm

    return tqdm(items, total=total, desc=what, unit=unit, disable=None, leave=False, file=sys.stderr)
