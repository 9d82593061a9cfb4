"""A disk that fails: a process is killed before its nth change of the disk, or the nth change is refused.

Changes are what the system is asked for: renaming, making and removing files and folders, and flushing them. What is
written through an open file cannot be seen there; `full` bounds how long a file may become.
"""

from __future__ import annotations

import errno
import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

CHANGES = ("replace", "rename", "unlink", "remove", "rmdir", "mkdir", "fsync", "ftruncate")
_WELL, _RAISED = 0, 3

Job = Callable[[], object]


@contextmanager
def at(number: int, what: Callable[[], None]) -> Iterator[list[int]]:
    """Do `what` before the change of this number (1 is the first). Gives a list of one number: the changes so far."""
    count = [0]

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            count[0] += 1
            if count[0] == number:
                what()
            return function(*args, **kwargs)

        return call

    with ExitStack() as patches:
        for name in CHANGES:
            patches.enter_context(mock.patch.object(os, name, counted(getattr(os, name))))
        yield count


def changes(job: Job) -> int:
    """How many changes a job makes. It is run in this process."""
    with at(0, lambda: None) as count:
        job()
    return count[0]


def killed(job: Job, number: int) -> bool:
    """Run a job in a process of its own that is killed before the change of this number; whether it came that far."""
    return _forked(job, number, lambda: os.kill(os.getpid(), signal.SIGKILL)) == -signal.SIGKILL


def refused(job: Job, number: int, code: int = errno.ENOSPC) -> Exception | None:
    """Run a job here whose change of this number fails; what it raised."""

    def fail() -> None:
        raise OSError(code, os.strerror(code))

    try:
        with at(number, fail):
            job()
    except Exception as error:
        return error
    return None


def full(job: Job, size: int) -> int:
    """Run a job in a process of its own, in which no file may have more bytes than this; its exit code, 0 or 3."""

    def bounded() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        job()

    return _forked(bounded, 0, lambda: None)


def _forked(job: Job, number: int, what: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        code = _RAISED
        try:
            with at(number, what):
                job()
            code = _WELL
        finally:
            os._exit(code)  # nothing of the tests goes on here
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
