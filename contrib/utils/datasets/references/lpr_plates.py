"""A thousand Chinese number plates, whose names say what they say; published with LPRNet_Pytorch."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import unquote

from zoo_core.errors import DataError


def arrange(files: Path, folder: Path) -> None:
    """Write the pictures and a list gt.txt with lines 'path<TAB>plate'.

    Args:
        files: holds pictures whose names are the plates, percent-encoded as in an address.
        folder: the folder to fill.

    Raises:
        DataError: a name is not UTF-8.
    """
    lines = []
    for path in sorted(files.glob("*.jpg")):
        try:
            plate = unquote(path.stem, errors="strict")
        except UnicodeDecodeError as error:
            raise DataError(f"{path.name}: this name is no percent-encoded UTF-8: {error}.") from error
        shutil.copyfile(path, folder / path.name)
        lines.append(f"{path.name}\t{plate}\n")
    (folder / "gt.txt").write_text("".join(lines), encoding="utf-8")
