"""Who is using an engine, so that it is closed once, after its last call."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from .errors import ReleasedError


class Users:
    """Counts the calls that are under way. Once it is closed, nobody gets in, and the last one out calls `close`."""

    def __init__(self, close: Callable[[], object]):
        self._close = close
        self._process = os.getpid()
        # taken itself, and not through the condition, whose Python code Ctrl-C may end with the lock taken
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._count = 0
        self.closed = False
        self._ended = False

    def enter(self) -> None:
        """Begin a call; `leave` ends it. Raises ReleasedError after `shut`, and in a process that was forked off."""
        if os.getpid() != self._process:
            raise ReleasedError(
                "this engine was opened before the process forked, and its threads are not here; open a new one in "
                "each process (multiprocessing's start method 'spawn' does so)"
            )
        with self._lock:
            if self.closed:
                raise ReleasedError("this engine has been released; open a new one")
            self._count += 1

    def leave(self) -> None:
        """End a call."""
        with self._lock:
            self._count -= 1
            last = self.closed and self._count == 0
        if last:
            self._end()

    def __enter__(self) -> None:
        """A call that lasts as long as the block."""
        self.enter()

    def __exit__(self, *_: object) -> None:
        self.leave()

    def shut(self, wait: bool) -> None:
        """Let nobody in any more; with `wait`, return when the last call has ended and `close` has been called.

        In a forked process nothing happens: what there is belongs to the process that opened it.
        """
        if os.getpid() != self._process:
            self.closed = True
            return
        with self._lock:
            first, self.closed = not self.closed, True
            idle = first and self._count == 0
        if idle:
            self._end()
        elif wait:
            with self._lock:
                self._changed.wait_for(lambda: self._ended)

    def _end(self) -> None:
        try:
            self._close()
        finally:
            with self._lock:
                self._ended = True
                self._changed.notify_all()
