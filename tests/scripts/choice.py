"""Which models the tests over the catalogue run: so many kinds, one model of each, drawn by the commit; over time, all.

Models are of one kind where they are of one domain and one framework, have one graph or several, and are alike in what
they have of their own: code, a few names of a library, or the whole library. So the time that the tests take does not
grow with the catalogue. What a change touches, `zoo check --changed-since` runs, whole.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable, Hashable, Iterable, Sequence

from zoo import catalogue

MOST = 8  # kinds at a commit
ALL = "all"  # the word for every model, in TEST_MODELS
OWN, NAMES, LIBRARY = "code of its own", "names of a library", "a whole library"


def chosen(ids: Sequence[str], commit: str, kind: Callable[[str], Hashable]) -> list[str]:
    """The models that are run: one each of `MOST` kinds, drawn by `commit`; all where TEST_MODELS asks for them."""
    if os.environ.get("TEST_MODELS") == ALL:
        return list(ids)
    drawn: dict[str, str] = {}
    for one in shuffled(ids, commit):
        drawn.setdefault(str(kind(one)), one)
    models = {drawn[one] for one in shuffled(drawn, commit)[:MOST]}
    return [one for one in ids if one in models]


def shuffled(ids: Iterable[str], commit: str) -> list[str]:
    """In an order that `commit` alone decides."""
    return sorted(ids, key=lambda one: hashlib.sha256(f"{commit} {one}".encode()).digest())


def kind_of(model_id: str) -> tuple[str, str, bool, str]:
    """Domain, framework, whether it has several graphs, and what it has of its own."""
    family = catalogue.load(model_id)
    return family.domain, family.framework, len(family.variant().parts) > 1, _own(model_id)


def _own(model_id: str) -> str:
    if catalogue.load(model_id).library:
        return LIBRARY
    lines = (catalogue.EXAMPLES / model_id / "model.py").read_text(encoding="utf-8").splitlines()
    code = any(line.startswith(("def ", "class ")) for line in lines)
    named = any(line.startswith("from zoo.libraries import ") for line in lines)
    return NAMES if named and not code else OWN


def commit() -> str:
    """What the checkout is at; "" where it is no repository."""
    command = ["git", "-C", str(catalogue.EXAMPLES), "rev-parse", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
