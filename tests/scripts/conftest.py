"""A copy of the repository's contrib/, in which the scripts are run as a user runs them: as processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def copy(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """contrib/ of a checkout in which nothing has been run yet."""
    folder = tmp_path_factory.mktemp("checkout") / "contrib"
    unwanted = shutil.ignore_patterns("*.onnx", "*.mindir", "*.ckpt", "*.export.json", "__pycache__", "*.egg-info")
    shutil.copytree(root / "contrib", folder, ignore=unwanted)
    return folder


@pytest.fixture(scope="session")
def run() -> Run:
    """Run a Python script and return what it printed; PYTHONPATH is empty, as for somebody who just cloned."""

    def start(
        script: Path | str, *words: str | Path, cwd: Path, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        command = [sys.executable, str(script), *map(str, words)]
        return subprocess.run(
            command, cwd=cwd, env=clean | environment, capture_output=True, text=True, timeout=280, check=False
        )

    return start


@pytest.fixture(scope="session")
def lenet_folder(copy: Path, run: Run) -> Path:
    """LeNet's folder after `python export_onnx.py`."""
    folder = copy / "example/classification/lenet"
    done = run("export_onnx.py", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder
