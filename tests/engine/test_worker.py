"""Sessions in a worker process: results and errors come back, and a worker that dies is named and replaced."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.base import Engine, ModelFileError, RunError
from engine.worker import WorkerSession, call, worker

from .conformance.nets import LINE, write_onnx


@pytest.fixture(autouse=True)
def functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that the worker finds: workers of this test have an interpreter's name of their own."""
    (tmp_path / "for_worker.py").write_text(
        "from pathlib import Path\n"
        "from engine.backends import find, Options\n"
        "from engine.errors import ModelFileError\n"
        "def session(path):\n"
        "    print('chatter on stdout')\n"
        "    return find('onnx').open(Path(path), Options())\n"
        "def refuse():\n"
        "    raise ModelFileError('not this one')\n"
        "def fail():\n"
        "    raise ZeroDivisionError('of its own')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


@pytest.fixture
def python(tmp_path: Path) -> str:
    link = tmp_path / "python"
    link.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    link.chmod(0o755)
    return str(link)


def test_a_session_runs_there(python: str, tmp_path: Path) -> None:
    path, arrays = str(write_onnx(LINE, tmp_path)), LINE.arrays(3)
    with Engine.from_session(WorkerSession(python, "for_worker", "session", path), "there", "there") as engine:
        assert engine.inputs[0].name == "x"
        np.testing.assert_allclose(engine(arrays), arrays[0] * 2 + 1, rtol=1e-6)
        other = WorkerSession(python, "for_worker", "session", path)
        np.testing.assert_allclose(other.run(arrays)[0], arrays[0] * 2 + 1, rtol=1e-6)
        other.close()
        np.testing.assert_allclose(engine(arrays), arrays[0] * 2 + 1, rtol=1e-6)
    assert call(python, "os", "getpid") == worker(python)._process.pid != os.getpid()
    worker(python).end()


def test_a_session_answers_for_other_methods_too(python: str, tmp_path: Path) -> None:
    session = WorkerSession(python, "for_worker", "session", str(write_onnx(LINE, tmp_path)))
    assert np.array_equal(session.ask("run", LINE.arrays(2))[0], session.run(LINE.arrays(2))[0])
    with pytest.raises(RunError, match="no_such_method"):
        session.ask("no_such_method")
    session.close()
    worker(python).end()


def test_errors_come_back_as_they_were(python: str) -> None:
    with pytest.raises(ModelFileError, match="not this one"):
        call(python, "for_worker", "refuse")
    with pytest.raises(RunError, match="of its own"):
        call(python, "for_worker", "fail")
    worker(python).end()


def test_a_worker_that_dies_is_named_and_replaced(python: str, tmp_path: Path) -> None:
    session = WorkerSession(python, "for_worker", "session", str(write_onnx(LINE, tmp_path)))
    os.kill(worker(python)._process.pid, signal.SIGKILL)
    with pytest.raises(RunError, match="worker process ended with code"):
        session.run(LINE.arrays(1))
    session.close()
    again = WorkerSession(python, "for_worker", "session", str(write_onnx(LINE, tmp_path)))
    assert again.run(LINE.arrays(2))[0].shape == (2, 4)
    again.close()
    worker(python).end()
