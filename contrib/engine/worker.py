"""Sessions in a process of their own, for a runtime that cannot share a process with others.

One worker process serves every session of a Python interpreter; it starts with the first and ends with this process.
Requests and answers are pickles on the worker's stdin and stdout; what libraries print there goes to stderr.
"""

from __future__ import annotations

import atexit
import importlib
import itertools
import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from . import errors
from .backends.base import Session
from .errors import RunError

_workers: dict[str, Worker] = {}
_starting = threading.Lock()
_numbers = itertools.count(1)  # never one twice: a closed session must not answer for another


class Worker:
    """A process that calls functions and keeps what they return; one request at a time."""

    def __init__(self, python: str):
        contrib = str(Path(__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, [contrib, os.environ.get("PYTHONPATH", "")]))
        command = [python, "-m", "engine.worker"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": path}
        )
        self._turn = threading.Lock()

    def alive(self) -> bool:
        """Whether requests can be sent."""
        return self._process.poll() is None

    def ask(self, *request: Any) -> Any:
        """The answer to a request. Raises the engine's errors as they were raised there, others as RunError."""
        with self._turn:
            sink, source = self._process.stdin, self._process.stdout
            if sink is None or source is None:
                raise RunError("the worker process has no pipes")
            try:
                pickle.dump(request, sink, protocol=5)
                sink.flush()
                kind, answer = pickle.load(source)
            except (OSError, EOFError) as error:
                code = self._process.wait()
                raise RunError(f"the worker process ended with code {code}; its last words are on stderr") from error
        if kind == "error":
            name, text = answer
            raise getattr(errors, name, RunError)(text)
        return answer

    def end(self) -> None:
        """Close its input, which ends it; a worker that hangs is killed."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def worker(python: str = sys.executable) -> Worker:
    """The worker process of an interpreter, started if it is not there (or no longer)."""
    with _starting:
        if python not in _workers or not _workers[python].alive():
            _workers[python] = Worker(python)
            atexit.register(_workers[python].end)
        return _workers[python]


class WorkerSession(Session):
    """A session that `module.function(*arguments)` opened in the worker of `python`."""

    def __init__(self, python: str, module: str, function: str, *arguments: Any):
        self._worker = worker(python)
        self._number, self.inputs, self.outputs = self._worker.ask("open", module, function, arguments)

    def ask(self, method: str, *arguments: Any) -> Any:
        """What this method of the session there returns."""
        return self._worker.ask("ask", self._number, method, arguments)

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        return self.ask("run", arrays)

    def close(self) -> None:
        if self._worker.alive():
            self._worker.ask("close", self._number)


def call(python: str, module: str, function: str, *arguments: Any) -> Any:
    """What `module.function(*arguments)` returns in the worker of `python`."""
    return worker(python).ask("call", module, function, arguments)


def _serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer requests until the input ends."""
    sessions: dict[int, Session] = {}
    while True:
        try:
            request = pickle.load(source)
        except EOFError:
            return
        try:
            answer = ("answer", _answer(sessions, *request))
        except Exception as error:
            # every error is the caller's: it is raised again there
            answer = ("error", (type(error).__name__, str(error) or type(error).__name__))
        pickle.dump(answer, sink, protocol=5)
        sink.flush()


def _answer(sessions: dict[int, Session], kind: str, *rest: Any) -> Any:
    if kind == "ask":
        number, method, arguments = rest
        return getattr(sessions[number], method)(*arguments)
    if kind == "close":
        ended = sessions.pop(rest[0], None)
        return ended.close() if ended is not None else None
    module, function, arguments = rest
    result = getattr(importlib.import_module(module), function)(*arguments)
    if kind == "call":
        return result
    number = next(_numbers)
    sessions[number] = result
    return number, result.inputs, result.outputs


def _main() -> None:
    """Keep stdout for answers, whatever libraries print."""
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _serve(sys.stdin.buffer, sink)


if __name__ == "__main__":
    _main()
