"""The CMU Pronouncing Dictionary: every twentieth word of those that are letters from a to z only."""

from __future__ import annotations

import re
from pathlib import Path

from utils.datasets.pronunciations import Phonemes, read_words
from zoo_core.files import write_text

FILE = "cmudict.dict"
EVERY = 20
_PLAIN = re.compile(r"[a-z]+")


def arrange(files: Path, folder: Path) -> None:
    """Write cmudict.dict with the 1st, 21st, 41st … of the words and all ways to say them, in the dictionary's order.

    Args:
        files: the folder with the whole dictionary.
        folder: the folder to fill.

    Raises:
        DataError: the file is not the dictionary.
    """
    words = read_words(files / FILE)
    chosen = [word for word in words if _PLAIN.fullmatch(word)][::EVERY]
    write_text(folder / FILE, "".join(line for word in chosen for line in _lines(word, words[word])))


def _lines(word: str, said: list[Phonemes]) -> list[str]:
    names = [word, *(f"{word}({number})" for number in range(2, len(said) + 1))]
    return [f"{name} {' '.join(phonemes)}\n" for name, phonemes in zip(names, said, strict=True)]
