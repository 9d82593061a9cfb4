"""Ends the steps of a check that was itself killed: a process that waits for the check's end, and outlives it."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from zoo.contributing.check import carriers

_DONE = b"done"
_ROUNDS = 5  # a step that was being started when the check died appears a moment later
_ROUND_SECONDS = 0.2
_lock = threading.Lock()
_watch: subprocess.Popen[bytes] | None = None


def start() -> None:
    """Have this process watched, once: when it dies, however it does, whoever carries one of its tokens ends."""
    global _watch
    with _lock:
        if _watch is not None:
            return
        _watch = subprocess.Popen(
            [sys.executable, "-m", __name__, carriers.OURS],
            cwd=Path(__file__).resolve().parents[3],  # where -m looks first
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        atexit.register(_stop, _watch, os.getpid())


def _stop(watch: subprocess.Popen[bytes], owner: int) -> None:
    if os.getpid() == owner:
        watch.communicate(_DONE)


def main() -> int:
    """Wait until the check is gone, then end what it left, unless it said that it was done."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    import psutil  # noqa: F401, loaded while there is time: `carriers.end` needs it

    if sys.stdin.buffer.read() == _DONE:
        return 0
    for _ in range(_ROUNDS):
        carriers.end(sys.argv[1])
        time.sleep(_ROUND_SECONDS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
