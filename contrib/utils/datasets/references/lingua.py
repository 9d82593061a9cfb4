"""Test sentences of lingua: the first 200 of a thousand of each of twenty languages."""

from __future__ import annotations

from pathlib import Path

from utils.text_file import read_lines
from zoo_core.files import write_text

FIRST = 200


def arrange(files: Path, folder: Path) -> None:
    """Write de.txt and so on, with 200 lines each.

    Args:
        files: the same files with all lines.
        folder: the folder to fill.
    """
    for path in sorted(files.iterdir()):
        write_text(folder / path.name, "".join(f"{line}\n" for line in read_lines(path)[:FIRST]))
