"""A name that a library has to know."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from zoo import catalogue
from zoo.errors import ZooError


def one_of(name: str, known: Sequence[str], library: str, what: str) -> str:
    """`name`. Raises ZooError with near ones where `library` has no network of that name."""
    if name not in known:
        near = difflib.get_close_matches(name, known, n=5)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise ZooError(f"{library} has no {what} '{name}'{hint}{there_is(name)}")
    return name


def there_is(name: str) -> str:
    """Which model of the zoo has a network of this name already, to go behind a sentence; "" for none."""
    try:
        family, variant = catalogue.find(name)
    except ZooError:
        return ""
    return f"; the zoo has {variant or name} already, in {family.id}"
