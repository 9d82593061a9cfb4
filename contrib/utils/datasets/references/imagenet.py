"""One picture each of some of ImageNet's classes, as the repository imagenet-sample-images has them."""

from __future__ import annotations

import shutil
from pathlib import Path

from zoo_core.errors import DataError


def arrange(files: Path, folder: Path) -> None:
    """Write a folder a class: n01440764/tench.JPEG and so on.

    Args:
        files: holds n01440764_tench.JPEG and so on.
        folder: the folder to fill.

    Raises:
        DataError: a file's name does not begin with a WordNet id.
    """
    for path in sorted(files.iterdir()):
        wnid, _, name = path.name.partition("_")
        if not name or not wnid.startswith("n") or not wnid[1:].isdecimal():
            raise DataError(f"{path.name}: a name such as n01440764_tench.JPEG is expected, with the WordNet id first.")
        (folder / wnid).mkdir(exist_ok=True)
        shutil.copyfile(path, folder / wnid / name)
