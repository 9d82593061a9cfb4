"""Text files in windows of tokens, as the perplexity of a network with a fixed number of positions is measured.

Each window begins half a window behind the one before, and counts the tokens that no window has counted yet. So every
token of a file counts once, and all but those of the first window have at least half a window before them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.datasets.folder import files_in
from utils.datasets.sample import Listed, Sample
from utils.text_file import read_text
from zoo_core.errors import DataError

SUFFIXES = (".txt",)
OPENING = 6  # words


@dataclass(frozen=True)
class Encoded:
    """The tokens of a text.

    Attributes:
        ids: int64 [length], special tokens included.
        ends: for each token, the characters of the text up to its end.
    """

    ids: np.ndarray
    ends: list[int]


@dataclass(frozen=True)
class Passage:
    """A window of a text.

    Attributes:
        ids: int64 [length].
        counted: the index, at least 1, from which on they are predicted.
        opening: the first words of the text, to try a network on.
    """

    ids: np.ndarray
    counted: int
    opening: str


class Passages(Listed):
    """Windows of text files: id "a.txt:<first token>", data a `Passage`, truth the bytes (UTF-8) of what is counted.

    The first token of a file is not predicted, for nothing is before it; its bytes belong to the first window.

    Args:
        root: a .txt, or a folder of them.
        encode: the network's tokenizer.
        length: tokens of a window at most, at least 2.

    Raises:
        DataError: no such file, not UTF-8, or fewer than two tokens in all files together.
    """

    def __init__(self, root: str | Path, encode: Callable[[str], Encoded], length: int) -> None:
        root = Path(root)
        if root.is_file() and root.suffix.lower() not in SUFFIXES:
            raise DataError(f"{root}: texts end with {', '.join(SUFFIXES)}.")
        files = [root] if root.is_file() else files_in(root, SUFFIXES)
        base = root.parent if root.is_file() else root
        self._samples = []
        for file in files:
            self._samples += _windows(file.relative_to(base).as_posix(), read_text(file).strip(), encode, length)
        if not self._samples:
            raise DataError(f"{root}: there is no text of two tokens or more, so that nothing can be predicted.")


def _windows(name: str, text: str, encode: Callable[[str], Encoded], length: int) -> list[Sample]:
    """The windows of one text; none where it has fewer than two tokens."""
    encoded = encode(text)
    total = len(encoded.ids)
    found: list[Sample] = []
    opening = " ".join(text.split()[:OPENING])
    done, letters = 0, 0
    for begin in range(0, total, max(length // 2, 1)):
        end = min(begin + length, total)
        counted = max(done - begin, 1)
        if counted >= end - begin:
            break
        last = len(text) if end == total else max(encoded.ends[end - 1], letters)
        passage = Passage(encoded.ids[begin:end], counted, opening)
        found.append(Sample(f"{name}:{begin}", passage, len(text[letters:last].encode("utf-8", "replace"))))
        done, letters = end, last
        if end == total:
            break
    return found
