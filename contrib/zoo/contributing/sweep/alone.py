"""Runs a job for each of many items in a process of its own: one that crashes, hangs or takes too much costs itself.

The processes are forked, so that what is imported already need not be imported by each. They must be forked from a
process without threads of its own.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

_TICK_SECONDS = 0.1
_GRACE_SECONDS = 10.0
_MEBI = 1 << 20
_AT_ITS_END = "at its end"

Say = Callable[[dict[str, Any]], None]
Job = Callable[[str, Say], None]


@dataclass(frozen=True)
class Limits:
    """What one item may take. seconds: by the clock. mebibytes: of memory in use. jobs: items at once."""

    seconds: float
    mebibytes: int
    jobs: int = 1

    def __str__(self) -> str:
        return f"{self.seconds:g} s, {self.mebibytes} MiB"


@dataclass(frozen=True)
class Ended:
    """How an item ended.

    Args:
        item: which.
        said: what its job said until then; of two values for one key, the later one.
        fault: why the job did not come to its end; "" where it did.
        forced: whether a limit ended it.
        seconds: that it took.
    """

    item: str
    said: dict[str, Any]
    fault: str
    forced: bool
    seconds: float


def each_alone(job: Job, items: Sequence[str], limits: Limits) -> Generator[Ended, None, None]:
    """`job(item, say)` for each item, `limits.jobs` at once; in the order in which they end.

    A process ends with all that it started and that is still in its group. When the iterator is closed, those under way
    are ended; when this process is killed, each ends a little behind its time limit.

    Args:
        job: what it says is plain data, as JSON holds it. What it prints is lost.
        items: what it is given.
        limits: of each.
    """
    waiting, running = deque(items), list[_Child]()
    try:
        while waiting or running:
            while waiting and len(running) < limits.jobs:
                running.append(_Child(job, waiting.popleft(), limits))
            select.select([child.source for child in running], [], [], _TICK_SECONDS)
            for child in list(running):
                ended = child.look()
                if ended is not None:
                    running.remove(child)
                    yield ended
    finally:
        for child in running:
            child.end()


class _Child:
    """The process of one item."""

    def __init__(self, job: Job, item: str, limits: Limits):
        self._item, self._limits = item, limits
        self._start = time.monotonic()
        self._heard = b""
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # or the child would write it once more
        self.source, sink = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            _serve(job, item, sink, limits.seconds + _GRACE_SECONDS)
        os.close(sink)
        os.set_blocking(self.source, False)

    def look(self) -> Ended | None:
        """How it ended; None while it runs within its limits."""
        self._hear()
        fault = self._over_limit()
        forced = bool(fault)
        if forced:
            self.end()
        else:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if not pid:
                return None
            self._hear()
            self._close()
            fault = "" if _AT_ITS_END in self._said() else _told(os.waitstatus_to_exitcode(status))
        said = {key: value for key, value in self._said().items() if key != _AT_ITS_END}
        return Ended(self._item, said, fault, forced, time.monotonic() - self._start)

    def _said(self) -> dict[str, Any]:
        *lines, _ = self._heard.split(b"\n")
        said: dict[str, Any] = {}
        for line in lines:
            said |= json.loads(line)
        return said

    def _hear(self) -> None:
        with suppress(BlockingIOError):
            while piece := os.read(self.source, 1 << 16):
                self._heard += piece

    def _over_limit(self) -> str:
        import psutil

        if time.monotonic() - self._start > self._limits.seconds:
            return f"took more than {self._limits.seconds:g} s"
        with suppress(psutil.Error):
            if psutil.Process(self._pid).memory_info().rss > self._limits.mebibytes * _MEBI:
                return f"took more than {self._limits.mebibytes} MiB of memory"
        return ""

    def end(self) -> None:
        """Kill it."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        self._close()

    def _close(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)  # what it started and left behind
        os.close(self.source)


def _told(code: int) -> str:
    return f"ended by signal {-code} ({signal.Signals(-code).name})" if code < 0 else f"ended with exit code {code}"


def _serve(job: Job, item: str, sink: int, seconds: float) -> NoReturn:
    """The child: a line of JSON whenever the job says something, and no way back into the parent's code."""
    code = 1
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)  # where the parent is no more
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        sys.stdout = sys.stderr = os.fdopen(nothing, "w", encoding="utf-8")  # also where they were no longer 1 and 2

        def say(facts: dict[str, Any]) -> None:
            rest = json.dumps(facts).encode() + b"\n"
            while rest:
                rest = rest[os.write(sink, rest) :]

        job(item, say)
        say({_AT_ITS_END: True})
        code = 0
    finally:
        os._exit(code)
