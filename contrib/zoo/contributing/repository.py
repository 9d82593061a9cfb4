"""Which repository is meant, and that its own code is what works on it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import zoo

_MARKS = ("contrib/zoo/__main__.py", "model_config/model.yaml")
_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from zoo.__main__ import main; sys.exit(main())"


def repository() -> Path:
    """The root of the repository that this code is in."""
    return _room().parents[1]


def here() -> Path:
    """The root of the repository that the current folder is in; `repository()` where it is in none."""
    folder = Path.cwd()
    for one in (folder, *folder.parents):
        if all((one / mark).is_file() for mark in _MARKS):
            return one
    return repository()


def run_its_own(root: Path, words: Sequence[str]) -> None:
    """Go on as the code of `root` where this is another zoo's (one that is installed, say); does not return then.

    Args:
        root: a repository; one without a zoo of its own is worked on by this one.
        words: the command and its flags, which are given to the other code unchanged.
    """
    if not (root / _MARKS[0]).is_file() or (root / "contrib/zoo").resolve() == _room():
        return
    print(f"zoo: going on with the code of {root}, not with that of {repository()}", file=sys.stderr, flush=True)
    sys.stdout.flush()
    # of processes that it starts, workers of a cluster among them, the code is to be the same
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(root / "contrib"), *([before] if before else [])])
    os.execv(sys.executable, [sys.executable, "-c", _START, str(root / "contrib"), *words])


def _room() -> Path:
    return Path(str(zoo.__file__)).resolve().parent
