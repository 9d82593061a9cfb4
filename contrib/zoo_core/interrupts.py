"""Ctrl-C between two steps, and never within one.

Python raises KeyboardInterrupt between any two instructions of the main thread: also where the library of threads has
just taken a lock and has not noted it yet. Nobody gives that lock back, and every thread that needs it waits for ever.
"""

from __future__ import annotations

import _signal  # the functions of `signal` without the search for enums, which takes ten times as long
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

_MAIN = threading.main_thread().ident
_SECONDS = 0.1  # between two looks, while something is waited for


class Uninterrupted:
    """Ctrl-C inside the block is raised at its end, or by `check`; a second one is raised at once.

    Nothing changes in other threads than the main one, inside another such block, or where Ctrl-C is not handled by
    Python.
    """

    def __enter__(self) -> None:
        self._pending = False
        self._before: Any = None
        if threading.get_ident() != _MAIN:
            return
        before = _signal.getsignal(_signal.SIGINT)
        if before is _signal.default_int_handler or (callable(before) and _block_of(before) is None):
            self._before = before
            _signal.signal(_signal.SIGINT, self._note)

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            _signal.signal(_signal.SIGINT, self._before)
            if self._pending:
                self.raise_pending()

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._pending:
            self._before(number, frame)
        self._pending = True

    def raise_pending(self) -> None:
        """Do now what Ctrl-C does, if it came."""
        if self._pending:
            self._pending = False
            self._before(_signal.SIGINT, None)


def _block_of(handler: object) -> Uninterrupted | None:
    """The block that has set `handler`: what is installed tells, as no variable beside it could."""
    block = getattr(handler, "__self__", None)
    return block if isinstance(block, Uninterrupted) else None


def check() -> None:
    """A place at which no lock is held: a Ctrl-C that came since the block began is raised here."""
    if threading.get_ident() == _MAIN:
        block = _block_of(_signal.getsignal(_signal.SIGINT))
        if block is not None:
            block.raise_pending()


def wait_for(jobs: Sequence[Future[Any]], seconds: float | None = None) -> bool:
    """Wait until all of `jobs` are done, well or not; Ctrl-C ends the waiting.

    Args:
        jobs: what is waited for.
        seconds: how long none of them may come to its end; None: for ever.

    Returns:
        Whether all are done.
    """
    left, since = -1, 0.0
    while count := sum(not job.done() for job in jobs):
        if count != left:
            left, since = count, time.monotonic()
        elif seconds is not None and time.monotonic() - since > seconds:
            return False
        wait(jobs, _SECONDS)
        check()
    return True


def stepwise(steps: Generator[T, None, None]) -> Iterator[T]:
    """What `steps` gives, each step of it a `Uninterrupted` block, and its end, too."""
    try:
        while True:
            with Uninterrupted():
                try:
                    step = next(steps)
                except StopIteration:
                    return
            yield step
    finally:
        with Uninterrupted():
            steps.close()


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM is handled as Ctrl-C is; also where that one is ignored, as it is behind a shell's &."""
    if threading.get_ident() != _MAIN:
        yield
        return

    def interrupt(*_: object) -> None:
        if not callable(_signal.getsignal(_signal.SIGINT)):
            raise KeyboardInterrupt
        _signal.raise_signal(_signal.SIGINT)

    before = _signal.signal(_signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        _signal.signal(_signal.SIGTERM, before)
