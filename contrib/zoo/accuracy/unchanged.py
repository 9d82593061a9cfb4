"""Whether a data set stays what it is while it is read: a figure of half of one and half of another is of neither."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from zoo.errors import CheckFailedError

from .content import Look, listed, look

_NAMED = 3


@contextmanager
def unchanged(place: Path, own: Path | None = None) -> Iterator[None]:
    """Look at every file of a data set before and after the block. Files that are new since do not count: nothing was
    read of them.

    Args:
        place: a file, or a folder with all that is below it.
        own: a file that the block itself writes.

    Raises:
        CheckFailedError: a file was changed or removed meanwhile.
    """
    before = _looks(place)
    yield
    after = _looks(place)
    require_unchanged(path for path, seen in before.items() if after.get(path) != seen and path != str(own))


def require_unchanged(changed: Iterable[str]) -> None:
    """Raise CheckFailedError where files were changed: it names the first of them."""
    every = list(changed)
    if every:
        more = f" and {len(every) - _NAMED} others" if len(every) > _NAMED else ""
        raise CheckFailedError(
            f"the data set changed while it was read, so that its figure says nothing: {', '.join(every[:_NAMED])}"
            f"{more}; let it be, and begin again"
        )


def look_at(path: str) -> Look | None:
    """How a file looks now; None where it is not there."""
    try:
        return look(os.stat(path))
    except OSError:
        return None


def _looks(place: Path) -> dict[str, Look]:
    if place.is_file():
        return {str(place): look(place.stat())}
    return {os.path.join(place, name): seen for name, seen in listed(place).items()}
