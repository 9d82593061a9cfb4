"""tools/lock.py: the versions that a resolver chose, for several Pythons, in one file."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.conftest import TOOLS

# Stands for an interpreter: says its version, and what its pip would install.
FAKE = """#!/bin/sh
if [ "$1" = -c ]; then echo {version}; exit; fi
case "$*" in *"--dry-run"*"--only-binary :all:"*"{root}/requirements.txt"*) ;; *) exit 9;; esac
echo '{report}'
exit {status}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with constraints.txt."""
    (tmp_path / "tools").mkdir()
    shutil.copy(TOOLS / "lock.py", tmp_path / "tools")
    (tmp_path / "constraints.txt").write_text("before\n")
    return tmp_path


def python(root: Path, version: str, packages: dict[str, str], status: int = 0) -> str:
    report = {"install": [{"metadata": {"name": name, "version": packages[name]}} for name in packages]}
    path = root / f"python{version}"
    path.write_text(FAKE.format(version=version, root=root, report=json.dumps(report), status=status))
    path.chmod(0o755)
    return str(path)


def lock(root: Path, *pythons: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "tools" / "lock.py"), *pythons]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_differs_between_pythons_gets_a_condition(root: Path) -> None:
    old = python(root, "3.10", {"Same_Name": "1", "differs": "1", "only.old": "3"})
    new = python(root, "3.11", {"same-name": "1", "differs": "2"})
    done = lock(root, old, new)
    assert done.returncode == 0, done.stderr
    header, constraints = [], []
    for line in (root / "constraints.txt").read_text().splitlines():
        (header if line.startswith("#") else constraints).append(line)
    assert "3.10, 3.11" in header[0]
    assert constraints == [
        'differs==1; python_version == "3.10"',
        'differs==2; python_version == "3.11"',
        "only-old==3",
        "same-name==1",
    ]


def test_nothing_is_written_unless_all_pythons_are_there(root: Path) -> None:
    done = lock(root, python(root, "3.11", {"a": "1"}), str(root / "python9.9"))
    assert done.returncode == 2
    assert f"there is no {root / 'python9.9'}" in done.stderr
    assert (root / "constraints.txt").read_text() == "before\n"


def test_nothing_is_written_unless_all_resolve(root: Path) -> None:
    done = lock(root, python(root, "3.11", {"a": "1"}), python(root, "3.12", {}, status=1))
    assert done.returncode == 2
    assert "nothing is written" in done.stderr
    assert "Traceback" not in done.stderr
    assert (root / "constraints.txt").read_text() == "before\n"
