"""Data sets whose task reads them as they are published, under the names that their listing gives them."""

from __future__ import annotations

import shutil
from pathlib import Path


def arrange(files: Path, folder: Path) -> None:
    """Copy every file.

    Args:
        files: holds them.
        folder: the folder to fill.
    """
    shutil.copytree(files, folder, dirs_exist_ok=True)
