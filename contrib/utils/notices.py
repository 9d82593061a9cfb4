"""What a person is told about data that was read, though not as it stands in the file."""

from __future__ import annotations

import logging
from collections import defaultdict
from threading import Lock

_log = logging.getLogger(__name__)
NAMED = 5  # files of one kind that are named; a data set may hold thousands

_told: dict[str, set[str]] = defaultdict(set)
_lock = Lock()


def notice(kind: str, where: str, text: str) -> None:
    """Log the warning "where: text", once for each file; the first five files of a kind are named.

    Args:
        kind: what is the matter, in a few words: "16 bits a pixel".
        where: the file, or the file and the line.
        text: what was found, what was made of it, and what the person may do.
    """
    with _lock:
        named = _told[kind]
        if where in named or len(named) > NAMED:
            return
        named.add(where)
        last = len(named) > NAMED
    if last:
        _log.warning("further files with %s are read in the same way, and not named", kind)
    else:
        _log.warning("%s: %s", where, text)


def forget() -> None:
    """Begin anew: every file may be named again."""
    with _lock:
        _told.clear()
