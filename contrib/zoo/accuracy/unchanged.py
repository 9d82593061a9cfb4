"""Whether a data set stays what it is while it is read: a figure of half of one and half of another is of neither."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zoo.errors import CheckFailedError

_NAMED = 3
_Look = tuple[int, int, int]


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
    changed = [path for path, look in before.items() if after.get(path) != look and path != str(own)]
    if changed:
        more = f" and {len(changed) - _NAMED} others" if len(changed) > _NAMED else ""
        raise CheckFailedError(
            f"the data set changed while it was read, so that its figure says nothing: {', '.join(changed[:_NAMED])}"
            f"{more}; let it be, and begin again"
        )


def _looks(place: Path) -> dict[str, _Look]:
    """Of each file what a change of it would change. One within the same tick of the clock stays unseen."""
    if place.is_file():
        return {str(place): _look(place.stat())}
    found: dict[str, _Look] = {}
    for folder, _, names in os.walk(place):
        for name in names:
            path = os.path.join(folder, name)
            try:
                found[path] = _look(os.stat(path))
            except OSError:
                continue  # a link to nowhere: who reads it says so
    return found


def _look(stat: os.stat_result) -> _Look:
    return stat.st_size, stat.st_mtime_ns, stat.st_ino
