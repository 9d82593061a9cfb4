"""Which models the tests over the catalogue run: a folder with code of its own always, of the leaves of libraries some.

A leaf is a few lines that name networks of a library; what it runs is the library's room, which the folders of whole
libraries run, too, with a small network each.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Sequence
from functools import cache

from zoo import catalogue

MORE = 1  # leaves beside the folders of whole libraries
ALL = "all"  # the word for every model, in TEST_MODELS


def chosen(ids: Sequence[str], commit: str) -> list[str]:
    """The models that are run. Which leaves are drawn depends on `commit`, so that over time each of them is."""
    leaves = [one for one in ids if is_leaf(one)]
    if os.environ.get("TEST_MODELS") == ALL:
        return list(ids)
    drawn = sorted(leaves, key=lambda one: hashlib.sha256(f"{commit} {one}".encode()).digest())[:MORE]
    return [one for one in ids if one not in leaves or one in drawn]


@cache
def is_leaf(model_id: str) -> bool:
    """Whether a folder names some networks of a library, and has nothing of its own."""
    lines = (catalogue.EXAMPLES / model_id / "model.py").read_text(encoding="utf-8").splitlines()
    own = any(line.startswith(("def ", "class ")) for line in lines)
    named = any(line.startswith("from zoo.libraries import ") for line in lines)
    return named and not own and not catalogue.load(model_id).library


def commit() -> str:
    """What the checkout is at; "" where it is no repository."""
    command = ["git", "-C", str(catalogue.EXAMPLES), "rev-parse", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
