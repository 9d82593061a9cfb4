"""Texts as fastText sees them: words, and runs of letters in them, each as a number out of its hash."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from zoo_core.errors import DataError

END = "</s>"
WORD = 1 << 32  # more than any hash, and any subword's number
_SPACES = str.maketrans(dict.fromkeys("\t\v\f\r\n\0", " "))


def hashed(text: bytes) -> int:
    """fastText's hash of 32 bits: FNV-1a, in which a byte above 127 counts as a negative number."""
    value = 2166136261
    for byte in text:
        value = ((value ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * 16777619) & 0xFFFFFFFF
    return value


def word_key(word: bytes) -> int:
    """The number of a whole word: its hash, its first byte and its length, since words of one hash are met."""
    return WORD * (word[0] + 256 * min(len(word), 1 << 22)) + hashed(word)


def subword_key(number: int) -> int:
    """The number of a subword, from that of its hash; 0 stays free for what fills up."""
    return number + 1


def keys_of(text: str, bucket: int, shortest: int, longest: int) -> np.ndarray:
    """int64 [n]: the numbers of all words and subwords of a text, in which line feeds are spaces.

    Args:
        bucket: a subword's number is its hash modulo this.
        shortest, longest: letters of a subword; the signs < and >, which stand around a word, are letters too.

    Raises:
        DataError: there is no word in the text.
    """
    words = text.translate(_SPACES).encode("utf-8", "replace").decode("utf-8").split(" ")
    found: list[int] = []
    for word in filter(None, words):
        if not word.startswith("__label__"):  # which fastText passes over
            found.append(word_key(word.encode()))
            found += [subword_key(hashed(one) % bucket) for one in subwords(word, shortest, longest)]
    if not found:
        raise DataError("the text is empty: there is no word in it.")
    return np.array([*found, word_key(END.encode())], np.int64)


def subwords(word: str, shortest: int, longest: int) -> Iterator[bytes]:
    """Runs of letters of <word>; of single letters not the signs around it."""
    framed = f"<{word}>"
    for start in range(len(framed)):
        for end in range(start + shortest, min(start + longest, len(framed)) + 1):
            if end - start > 1 or 0 < start < len(framed) - 1:
                yield framed[start:end].encode()
