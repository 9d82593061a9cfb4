"""Code that is not ours, run where it can do no harm: in a forked process, which may exit, crash or hang."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from .errors import told

SECONDS = 20.0


@dataclass(frozen=True)
class Outcome:
    """What a job came to. value: what it returned. fault: why there is no value; "" where there is one."""

    item: str
    value: Any = None
    fault: str = ""


def guarded(job: Callable[[str], Any], items: Sequence[str], seconds: float = SECONDS) -> Iterator[Outcome]:
    """`job(item)` for each item, in order, in a child process; one that fails does not touch the others.

    A new child goes on behind an item that ended or outstayed its process. What items print goes to stderr.

    Args:
        job: what it returns must be plain data, as JSON holds it.
        items: what it is given.
        seconds: how long one item may take.
    """
    done = 0
    while done < len(items):
        for outcome in _from_child(job, items[done:], seconds):
            done += 1
            yield outcome


def _from_child(job: Callable[[str], Any], items: Sequence[str], seconds: float) -> Iterator[Outcome]:
    """The outcomes of one child, the last one with the fault that ended it."""
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(source)
        _serve(job, items, sink)
    _lead_group(child)
    os.close(sink)
    try:
        lines = _Lines(source)
        for item in items:
            line = lines.next(seconds)
            if line is None:
                yield Outcome(item, fault=_end(child, lines.ended, seconds))
                child = 0
                return
            yield Outcome(item, *json.loads(line))
    finally:
        os.close(source)
        if child:
            _end(child, False, seconds)


def _lead_group(child: int) -> None:
    """Have what the child starts end with it. Said by both sides, since nobody knows which comes first."""
    with suppress(OSError):
        os.setpgid(child, child)


def _serve(job: Callable[[str], Any], items: Sequence[str], sink: int) -> NoReturn:
    """The child: a line an item, and no way back into the parent's code, whatever happens."""
    try:
        own = os.getpid()
        _lead_group(own)
        with suppress(OSError):
            os.dup2(2, 1)
        sys.stdout = sys.stderr
        _forget_threads()
        for item in items:
            try:
                line = json.dumps([job(item), ""])
            except BaseException as error:  # SystemExit and KeyboardInterrupt are the item's own, too
                line = json.dumps([None, told(error)])
            if os.getpid() != own:
                os._exit(0)  # the item has forked: what goes on here would answer a second time
            rest = line.encode() + b"\n"
            while rest:
                rest = rest[os.write(sink, rest) :]
    finally:
        os._exit(0)


def _forget_threads() -> None:
    """A forked process has none of the threads that torch computes with, and would wait for them without end."""
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


class _Lines:
    """Lines out of a pipe, each waited for so long and no longer."""

    def __init__(self, source: int):
        self._source = source
        self._kept = b""
        self.ended = False

    def next(self, seconds: float) -> bytes | None:
        """None where none came in time, or the other end is closed (then `ended`)."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self._kept:
            if not select.select([self._source], [], [], max(deadline - time.monotonic(), 0))[0]:
                return None
            piece = os.read(self._source, 1 << 16)
            if not piece:
                self.ended = True
                return None
            self._kept += piece
        line, _, self._kept = self._kept.partition(b"\n")
        return line


def _end(child: int, ended: bool, seconds: float) -> str:
    """End a child and what it has started; what it died of, as a sentence."""
    if not ended:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    with suppress(OSError):
        os.killpg(child, signal.SIGKILL)  # whose number is its own until somebody has waited for it
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if not ended:
        return f"it took more than {seconds:g} s"
    return f"it ended the process with exit code {status}" if status >= 0 else f"it ended by signal {-status}"
