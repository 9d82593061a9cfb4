"""A name that a library has to know."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from zoo.errors import ZooError


def one_of(name: str, known: Sequence[str], library: str, what: str) -> str:
    """`name`. Raises ZooError with near ones where `library` has no network of that name."""
    if name not in known:
        near = difflib.get_close_matches(name, known, n=5)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise ZooError(f"{library} has no {what} '{name}'{hint}")
    return name
