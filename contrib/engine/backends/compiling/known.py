"""Known differences: operators that a compiler gets wrong, refused before a graph with one of them is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def require_supported(ckpt: Path, model: Any, target: str) -> None:
    return
