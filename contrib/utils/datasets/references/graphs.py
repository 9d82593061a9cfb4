"""Graphs in the layout of Planetoid, which the task reads as it is published."""

from __future__ import annotations

import shutil
from pathlib import Path


def arrange(files: Path, folder: Path) -> None:
    """Write the eight files of each graph.

    Args:
        files: holds ind.NAME.x and so on.
        folder: the folder to fill.
    """
    shutil.copytree(files, folder, dirs_exist_ok=True)
