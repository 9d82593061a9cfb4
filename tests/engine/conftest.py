"""What the engine's tests share: doubles of vendors' packages."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

DOUBLES = Path(__file__).resolve().parents[1] / "doubles"


@pytest.fixture
def use_double(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """`use_double(name)` puts tests/doubles/<name> in the place of the packages that it has, for one test."""
    hidden = {}

    def packages(folder: Path) -> set[str]:
        return {path.stem for path in folder.iterdir() if path.name not in ("__pycache__", "bin")}

    def is_of(module: str, names: set[str]) -> bool:
        return module.partition(".")[0] in names

    doubled: set[str] = set()

    def use(name: str) -> None:
        doubled.update(packages(DOUBLES / name))
        for module in [module for module in sys.modules if is_of(module, doubled)]:
            hidden[module] = sys.modules.pop(module)
        monkeypatch.syspath_prepend(str(DOUBLES / name))
        # programs beside the package, run by this Python
        monkeypatch.setenv("PATH", f"{DOUBLES / name / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}")

    yield use
    for module in [module for module in sys.modules if is_of(module, doubled)]:
        del sys.modules[module]
    sys.modules.update(hidden)
