"""Damaged files of every loader: content or a sentence, and never a traceback, a crash, a gigabyte or a hang."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import runner
from tests.fuzz.corpus import KEPT
from tests.fuzz.loaders import LOADERS
from zoo_core.errors import ZooCoreError

COUNT, SEED = 2000, 20


def test_two_thousand_damaged_files() -> None:
    result = runner.run(COUNT, SEED)
    assert result.wrong == []
    assert sum(result.outcomes.values()) == COUNT
    assert result.outcomes["refused"] > COUNT / 4  # the damage is damage
    assert result.outcomes["read"] > COUNT / 20  # and not all of it matters


@pytest.mark.parametrize("kept", KEPT, ids=" ".join)
def test_what_was_once_wrong(kept: tuple[str, str, str], tmp_path: Path) -> None:
    loader = LOADERS[kept[0]]
    loader.write(tmp_path)
    loader.read(tmp_path)
    path = tmp_path / kept[1]
    path.write_bytes(KEPT[kept](path.read_bytes()))
    try:
        loader.read(tmp_path)
    except ZooCoreError as error:
        said = str(error)
        assert len(said) < 2000


FAULTY = """
import os
from tests.fuzz import loaders

def write(folder):
    (folder / "a").write_bytes(b"whole")

def traceback(folder):
    if (folder / "a").read_bytes() != b"whole":
        raise KeyError("x")

def crash(folder):
    if (folder / "a").read_bytes() != b"whole":
        os.abort()

def emptied(draw, content):
    return b""

for read in (traceback, crash):
    loaders.LOADERS[read.__name__] = loaders.Loader(write, ("a",), (emptied,), read)
"""


@pytest.mark.parametrize(("name", "said"), [("traceback", "KeyError"), ("crash", "the process ended with -6")])
def test_the_fuzzer_finds_what_is_wrong(name: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A loader with a fault, put into the worker by a module that is run when an interpreter starts."""
    (tmp_path / "sitecustomize.py").write_text(FAULTY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    result = runner.run(3, 0, [name])
    assert result.outcomes["WRONG"] == len(result.wrong) == 3
    assert all(said in text for text in result.wrong)
