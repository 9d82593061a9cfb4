"""What a person is told about data that was read, though not as it stands in the file."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from zoo_core.errors import in_one_line

_log = logging.getLogger(__name__)
NAMED = 5  # files of one kind that are named; a data set may hold thousands

Notice = tuple[str, str, str]  # kind, where, text

_told: dict[str, set[str]] = defaultdict(set)
_lock = Lock()
_heard: list[Notice] | None = None


def notice(kind: str, where: str, text: str) -> None:
    """Log the warning "where: text", once for each file; the first five files of a kind are named.

    Args:
        kind: what is the matter, in a few words: "16 bits a pixel".
        where: the file, or the file and the line.
        text: what was found, what was made of it, and what the person may do.
    """
    with _lock:
        if _heard is not None:
            if (kind, where, text) not in _heard and sum(kind == known for known, _, _ in _heard) <= NAMED:
                _heard.append((kind, where, text))
            return
        named = _told[kind]
        if where in named or len(named) > NAMED:
            return
        named.add(where)
        last = len(named) > NAMED
    if last:
        _log.warning("further files with %s are read in the same way, and not named", kind)
    else:
        _log.warning("%s", in_one_line(f"{where}: {text}"))


def forget() -> None:
    """Begin anew: every file may be named again."""
    with _lock:
        _told.clear()


@contextmanager
def heard(into: list[Notice]) -> Iterator[None]:
    """What is noticed within the block goes to a list instead of the log, for whoever calls `notice` with it elsewhere.

    Args:
        into: gets as many of each kind as `notice` needs to say what it says.
    """
    global _heard
    before, _heard = _heard, into
    try:
        yield
    finally:
        _heard = before
