"""What runs on a node: a worker holds what its jobs share (an engine, say), and does one job after the other."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import Any

from utils.notices import Notice, heard
from zoo.errors import ZooError
from zoo_core.errors import ZooCoreError

Do = Callable[[Any], Any]
# Given an argument and its place: what the worker has found (facts), and what does a job
Opening = Callable[[Any, Any], AbstractContextManager[tuple[Any, Do]]]
_ROOMS = ("zoo", "engine", "utils", "zoo_core")
_MOST_LINES = 100  # that are taken along of one reply


@dataclass
class Reply:
    """What came of a job.

    Args:
        value: that it returned.
        error: for the person who started it, instead.
        notices: about data that were read otherwise than they stand there: kind, where, text.
        lines: what was logged: logger, level, text.
    """

    value: Any = None
    error: Exception | None = None
    notices: list[Notice] = field(default_factory=list)
    lines: list[tuple[str, int, str]] = field(default_factory=list)


class Worker:
    """An actor: `begin` once, `do` for each job, `end` at last. What is said meanwhile travels with the replies."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._do: Do | None = None
        self._kept = _Kept()
        for name in _ROOMS:
            logging.getLogger(name).setLevel(logging.INFO)
        logging.getLogger().addHandler(self._kept)

    def begin(self, opening: Opening, argument: Any, place: Any) -> Reply:
        """Open what the jobs share; the reply's value is what was found there."""

        def job() -> Any:
            facts, self._do = self._stack.enter_context(opening(argument, place))
            return facts

        return self._replied(job)

    def do(self, item: Any) -> Reply:
        """One job."""
        do = self._do
        if do is None:
            raise RuntimeError("this worker has not begun")
        return self._replied(lambda: do(item))

    def end(self) -> Reply:
        """Close it."""
        return self._replied(self._stack.close)

    def _replied(self, job: Callable[[], Any]) -> Reply:
        """What a job returns, or the sentence with which it ends. What is no sentence for people is raised."""
        reply = Reply()
        with heard(reply.notices):
            try:
                reply.value = job()
            except (ZooCoreError, ImportError, OSError) as error:
                reply.error = _portable(error)
        reply.lines = self._kept.taken()
        return reply


def _portable(error: Exception) -> Exception:
    """The error itself where it can be taken apart and put together again, else one that says the same."""
    try:
        if str(pickle.loads(pickle.dumps(error))) == str(error):
            return error
    except Exception:
        # an error's own code may raise whatever it likes
        return ZooError(str(error))
    return ZooError(str(error))


class _Kept(logging.Handler):
    """Keeps what our own rooms log, and of libraries the errors."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[tuple[str, int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        own = record.name.partition(".")[0] in _ROOMS
        if (own or record.levelno >= logging.ERROR) and len(self._lines) < _MOST_LINES:
            self._lines.append((record.name, record.levelno, record.getMessage()))

    def taken(self) -> list[tuple[str, int, str]]:
        """The lines since the last time."""
        lines, self._lines = self._lines, []
        return lines
