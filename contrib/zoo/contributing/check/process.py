"""Runs one step as a process of its own, and ends it with everything that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from zoo.contributing.check import carriers, watch

_GRACE_SECONDS = 2.0
_TICK_SECONDS = 0.1


@dataclass(frozen=True)
class Outcome:
    """How a process ended. code: its exit code, negative for a signal. ended: "" or why it was ended by force."""

    code: int
    seconds: float
    ended: str = ""


def run(
    command: Sequence[str],
    folder: Path,
    log: Path,
    timeout: float,
    environ: Mapping[str, str],
    token: str,
    stop: threading.Event,
    errors: Path | None = None,
) -> Outcome:
    """Run `command` in `folder`, without a shell and without input; its output goes to `log`.

    At `timeout` seconds, when `stop` is set, or when we are killed, the process ends with all its children. Children
    that outlive it end in any case.

    Args:
        command: program and arguments.
        folder: where it runs.
        log: the file of its output.
        timeout: seconds after which it is ended.
        environ: its environment, to which the token is added.
        token: by which its children are found.
        stop: ends it when it is set.
        errors: a file of their own for error messages and progress, which go to `log` otherwise.
    """
    watch.start()
    start = time.monotonic()
    ended = ""
    with log.open("wb") as sink, (errors or log).open("ab") as second:
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env={**environ, carriers.TOKEN: token},
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=second if errors else subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            while process.poll() is None and not ended:
                if stop.wait(_TICK_SECONDS):
                    ended = "stopped"
                elif time.monotonic() - start > timeout:
                    ended = f"ended at its timeout of {timeout:g} s"
        finally:
            end(process.pid, token)
            process.wait()
    return Outcome(process.returncode, time.monotonic() - start, ended)


def end(group: int, token: str) -> None:
    """End a process group and every process that carries `token`: asked first, killed after two seconds."""
    _signal_group(group, signal.SIGTERM)
    deadline = time.monotonic() + _GRACE_SECONDS
    while _group_lives(group) and time.monotonic() < deadline:
        time.sleep(_TICK_SECONDS)
    _signal_group(group, signal.SIGKILL)
    carriers.end(token)


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _group_lives(group: int) -> bool:
    """Whether the group has a member that is more than a zombie of ours."""
    import psutil

    with suppress(psutil.Error, OSError):
        if psutil.Process(group).status() != psutil.STATUS_ZOMBIE:
            return True
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                return True
    return False
