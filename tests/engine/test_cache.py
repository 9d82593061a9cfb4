"""The cache of compiled engines: keys, damage, several processes, and where it may not be written."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.backends.compiling import cache

CONTRIB = Path(__file__).resolve().parents[2] / "contrib"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TECO_ZOO_HOME", str(tmp_path / "home"))


class Compiler:
    """Writes a file and reads it again, counting how often it had to."""

    def __init__(self) -> None:
        self.builds = 0

    def build(self, folder: Path) -> None:
        self.builds += 1
        (folder / "code").write_text("compiled")

    def load(self, folder: Path) -> str:
        return (folder / "code").read_text()

    def get(self, **facts: Any) -> str:
        return cache.compiled({"target": "test"} | facts, self.build, self.load)


def test_an_entry_is_built_once_for_its_facts() -> None:
    compiler = Compiler()
    assert [compiler.get(a=1), compiler.get(a=1), compiler.get(a=2)] == ["compiled"] * 3
    assert compiler.builds == 2
    assert sorted(entry.facts["a"] for entry in cache.entries()) == [1, 2]
    assert cache.clear() == 2
    assert cache.entries() == []
    compiler.get(a=1)
    assert compiler.builds == 3


@pytest.mark.parametrize("damage", ["truncated", "changed", "removed", "description"])
def test_a_damaged_entry_is_built_again_with_a_notice(damage: str, caplog: pytest.LogCaptureFixture) -> None:
    compiler = Compiler()
    compiler.get()
    folder = cache.entries()[0].folder
    if damage == "truncated":
        (folder / "code").write_text("comp")
    elif damage == "changed":
        (folder / "code").write_text("COMPILED")
    elif damage == "removed":
        (folder / "code").unlink()
    else:
        (folder / "entry.json").write_text("{")
    with caplog.at_level(logging.WARNING):
        assert compiler.get() == "compiled"
    assert compiler.builds == 2
    assert "compiling it again" in caplog.text
    assert compiler.get() == "compiled"
    assert compiler.builds == 2


def test_an_entry_that_the_runtime_refuses_is_built_again() -> None:
    compiler, refusals = Compiler(), [RuntimeError("made by another version")]
    compiler.get()

    def load(folder: Path) -> str:
        if refusals:
            raise refusals.pop()
        return "loaded"

    assert cache.compiled({"target": "test"}, compiler.build, load) == "loaded"
    assert compiler.builds == 2


def test_a_copied_cache_is_still_whole() -> None:
    compiler = Compiler()
    compiler.get()
    (cache.entries()[0].folder / "code").touch()
    compiler.get()
    assert compiler.builds == 1


def test_a_failed_build_leaves_nothing() -> None:
    def build(folder: Path) -> None:
        (folder / "half").touch()
        raise ValueError("no such operator")

    with pytest.raises(ValueError, match="no such operator"):
        cache.compiled({"target": "test"}, build, lambda folder: None)
    assert [path for path in cache.folder().iterdir() if path.is_dir()] == []


def test_without_a_place_to_write_it_still_compiles(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        assert Compiler().get() == "compiled"
    assert "not writeable" in caplog.text


def test_processes_that_want_the_same_entry_build_it_once(tmp_path: Path) -> None:
    code = """
import pathlib, sys
from engine.backends.compiling import cache
def build(folder):
    with open(sys.argv[1], "a") as log:
        log.write("built\\n")
    (folder / "code").write_text("x" * 100000)
assert cache.compiled({"target": "test"}, build, lambda folder: (folder / "code").read_text()) == "x" * 100000
"""
    log = tmp_path / "log"
    environ = {"PYTHONPATH": str(CONTRIB), "TECO_ZOO_HOME": str(tmp_path / "home")}
    running = [subprocess.Popen([sys.executable, "-c", code, str(log)], env=environ) for _ in range(6)]
    assert [process.wait(timeout=60) for process in running] == [0] * 6
    assert log.read_text() == "built\n"
