"""Debugging, profiling and compression on a full disk: a sentence that says so, and nothing half-written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.zoo.small_disk import zoo_on_a_small_disk
from zoo.manifest import Exported
from zoo_core.hashing import sha256


@pytest.mark.parametrize(
    "words",
    ["compress lenet --to int8", "compress lenet --weights int8", "profile lenet", "debug lenet --dtype float16"],
)
def test_a_full_disk_is_named(lenet_export: Exported, tmp_path: Path, words: str) -> None:
    folder = lenet_export.manifest.parent
    before = {path.name: sha256(path) for path in folder.iterdir()}
    output = ["--output", str(tmp_path / "made")] if "--weights" in words else []
    done = subprocess.run(
        [*zoo_on_a_small_disk(8 << 10), *words.split(), "--folder", str(folder), *output],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
        timeout=300,
    )
    assert done.returncode == 2, done.stderr
    assert "(the disk is full: make room, or write elsewhere)" in done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name: sha256(path) for path in folder.iterdir()} == before
    assert json.loads(lenet_export.manifest.read_text())["files"]
    assert not (tmp_path / "made").exists()
