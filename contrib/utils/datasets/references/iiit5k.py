"""IIIT 5K-word: words cut out of signs, book covers and posters of the web, with what they say."""

from __future__ import annotations

import shutil
from pathlib import Path

from utils.text_file import read_lines
from zoo_core.errors import DataError

TAGS = "test.tags"


def arrange(files: Path, folder: Path) -> None:
    """Write the pictures and a list gt.txt with lines 'path<TAB>word'.

    Args:
        files: holds test.tags, with lines 'test/NAME.png WORD' of all test words, and pictures of some or all of them.
        folder: the folder to fill.

    Raises:
        DataError: a line without a word, or a picture without a line.
    """
    words = {}
    for number, line in enumerate(read_lines(files / TAGS), start=1):
        name, _, word = line.strip().partition(" ")
        if not word.strip():
            raise DataError(f"{TAGS}, line {number}: 'test/NAME.png WORD' is expected, got {line[:80]!r}.")
        words[name] = word.strip()
    names = sorted(path.relative_to(files).as_posix() for path in files.glob("test/*.png"))
    nameless = [name for name in names if name not in words]
    if nameless or not names:
        raise DataError(f"{TAGS} does not say what {nameless[0] if nameless else 'any picture in test/'} says.")
    shutil.copytree(files / "test", folder / "test")
    lines = "".join(f"{name}\t{words[name]}\n" for name in names)
    (folder / "gt.txt").write_text(lines, encoding="utf-8")
