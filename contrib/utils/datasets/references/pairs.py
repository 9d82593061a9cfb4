"""Set5 and Set12: classic test pictures of super-resolution and denoising."""

from __future__ import annotations

import shutil
from pathlib import Path

from utils.datasets.restoration import SEEN, TRUE


def arrange_pairs(files: Path, folder: Path) -> None:
    """Write HR and LR, with the same names in both.

    Args:
        files: holds HR/baby.bmp and so on, and LR/babyx2.bmp, whose names end in the scale.
        folder: the folder to fill.
    """
    for part in (TRUE, SEEN):
        (folder / part).mkdir()
        for path in sorted((files / part).iterdir()):
            shutil.copyfile(path, folder / part / f"{path.stem.partition('x')[0]}{path.suffix}")


def arrange_true(files: Path, folder: Path) -> None:
    """Write HR only: the pictures as they are, which are made noisy when they are read."""
    shutil.copytree(files, folder / TRUE)
