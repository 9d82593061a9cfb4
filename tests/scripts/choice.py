"""Which models the tests over the catalogue run: a folder with code of its own always, of the leaves of libraries some.

A leaf is a few lines that name networks of a library; what it runs is the library's room, the same for all of them.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from zoo import catalogue

MORE = 3  # leaves beside one of each library
ALL = "all"  # the word for every model, in TEST_MODELS


def chosen(ids: Sequence[str], commit: str) -> list[str]:
    """The models that are run. Which leaves are drawn depends on `commit`, so that over time each of them is."""
    if os.environ.get("TEST_MODELS") == ALL:
        return list(ids)
    library = {one: _library(catalogue.EXAMPLES / one / "model.py") for one in ids}
    leaves = sorted((one for one in ids if library[one]), key=lambda one: _digest(f"{commit} {one}"))
    first: dict[str, str] = {}
    for one in leaves:
        first.setdefault(library[one], one)
    rest = [one for one in leaves if one not in first.values()][:MORE]
    return [one for one in ids if not library[one] or one in first.values() or one in rest]


def commit() -> str:
    """What the checkout is at; "" where it is no repository."""
    command = ["git", "-C", str(catalogue.EXAMPLES), "rev-parse", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _library(file: Path) -> str:
    """The import of the library that a leaf stands on; "" for a folder with a network of its own."""
    lines = file.read_text(encoding="utf-8").splitlines()
    own = any(line.startswith(("def ", "class ")) for line in lines)
    named = [line for line in lines if line.startswith("from zoo.libraries import ")]
    return "" if own or not named else named[0]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
