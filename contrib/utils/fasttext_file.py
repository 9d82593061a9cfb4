"""Product-quantised classifiers of fastText (.ftz), read without fastText.

The file is little-endian: a magic number and the version; twelve settings and a float64; the dictionary: entries (words
first, then labels by count, each a text that ends in NUL, its count as int64 and its kind, 0 word or 1 label), and for
subwords the pairs (number of the hash, row) of those that were kept; a quantised matrix with a row for each word and
kept subword; and the output matrix in float32. A quantised matrix has for each row a code a pair of columns, which
chooses one of 256 centroids, and a code that chooses the row's length.

Source: Joulin et al., FastText.zip: Compressing text classification models, 2016.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo_core.errors import UnreadableError

_MAGIC, _VERSION = 793712314, 12
_SETTINGS = ("dim", "ws", "epoch", "minCount", "neg", "wordNgrams", "loss", "model", "bucket", "minn", "maxn", "update")
_HIERARCHICAL, _SUPERVISED, _CENTROIDS = 1, 3, 256


@dataclass(frozen=True, eq=False)
class Classifier:
    """What such a file holds.

    Attributes:
        words: by row. labels, counts: the classes, the most frequent first, and how often each was seen.
        subwords: rows by the number of a subword's hash.
        vectors: float32 [words and subwords, size]. nodes: float32 [labels, size], of the tree's inner nodes; the last
            row is of none.
        bucket, shortest, longest: how many numbers there are for hashes; letters of a subword.
    """

    words: tuple[bytes, ...]
    labels: tuple[str, ...]
    counts: tuple[int, ...]
    subwords: dict[int, int]
    vectors: np.ndarray
    nodes: np.ndarray
    bucket: int
    shortest: int
    longest: int


def read_classifier(path: str | Path) -> Classifier:
    """The classifier in a .ftz.

    Raises:
        UnreadableError: the file cannot be read, is damaged, or is of another kind: no quantised classifier with a
            tree of labels (hierarchical softmax) over single words.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be read: {error.strerror}.") from error
    try:
        return _classifier(_Reader(content))
    except (ValueError, struct.error, UnicodeDecodeError) as error:
        raise UnreadableError(f"{path}: this is no quantised classifier of fastText: {error}.") from error


class _Reader:
    """A place in the file, which moves on."""

    def __init__(self, content: bytes) -> None:
        self.content, self.place = content, 0

    def numbers(self, form: str) -> tuple[int, ...]:
        found = struct.unpack_from(f"<{form}", self.content, self.place)
        self.place += struct.calcsize(f"<{form}")
        return found

    def text(self) -> bytes:
        end = self.content.index(b"\0", self.place)
        found, self.place = self.content[self.place : end], end + 1
        return found

    def array(self, dtype: str, *shape: int) -> np.ndarray:
        if min(shape) < 0:
            raise ValueError(f"an array of {list(shape)}")
        count = 1
        for size in shape:
            count *= size
        size = count * np.dtype(dtype).itemsize
        if size > len(self.content) - self.place:
            raise ValueError(f"an array of {list(shape)} is longer than the file")
        found = np.frombuffer(self.content, dtype, count, self.place).reshape(shape)
        self.place += size
        return found


def _classifier(reader: _Reader) -> Classifier:
    magic, version = reader.numbers("2i")
    if magic != _MAGIC or version != _VERSION:
        raise ValueError(f"it begins with {magic} and {version}, expected {_MAGIC} and {_VERSION}")
    settings = dict(zip(_SETTINGS, reader.numbers("12i"), strict=True))
    reader.numbers("d")
    kind = (settings["loss"], settings["model"], settings["wordNgrams"])
    if kind != (_HIERARCHICAL, _SUPERVISED, 1) or settings["bucket"] < 1:
        raise ValueError(f"loss, model and wordNgrams are {kind}, expected {(_HIERARCHICAL, _SUPERVISED, 1)}")
    entries, words, labels, _, kept = reader.numbers("iiiqq")
    if not 0 < words < entries == words + labels or not 0 <= kept <= len(reader.content):
        raise ValueError(f"{entries} entries, {words} words, {labels} labels and {kept} subwords")
    read = [_entry(reader) for _ in range(entries)]
    if [one[2] for one in read] != [0] * words + [1] * labels:
        raise ValueError("words and labels are not in their order")
    pairs = reader.array("<i4", kept, 2)
    vectors = _quantised(reader, words + kept, settings["dim"])
    nodes = _plain(reader, labels, settings["dim"])
    if kept and not 0 <= pairs.min() <= pairs[:, 1].max() < kept:
        raise ValueError("a subword has a row that is not there")
    return Classifier(
        tuple(text for text, *_ in read[:words]),
        tuple(text.decode().removeprefix("__label__") for text, *_ in read[words:]),
        tuple(count for _, count, _ in read[words:]),
        {int(number): words + int(row) for number, row in pairs},
        vectors,
        nodes,
        settings["bucket"],
        settings["minn"],
        settings["maxn"],
    )


def _entry(reader: _Reader) -> tuple[bytes, int, int]:
    """A word or a label, how often it was seen, and which of the two it is (0 or 1)."""
    text = reader.text()
    count, kind = reader.numbers("qb")
    return text, count, kind


def _quantised(reader: _Reader, rows: int, size: int) -> np.ndarray:
    """float32 [rows, size]."""
    if reader.numbers("??") != (True, True):
        raise ValueError("its vectors are not quantised with their lengths")
    if reader.numbers("qq") != (rows, size):
        raise ValueError(f"its quantised matrix is not of {[rows, size]}")
    (count,) = reader.numbers("i")
    codes = reader.array("u1", count)
    whole, parts, width, last = reader.numbers("4i")
    if (whole, last) != (size, width) or parts * width != size or count != rows * parts:
        raise ValueError(f"{count} codes of {parts} parts of {width}, the last of {last}, for {[rows, size]}")
    centroids = reader.array("<f4", parts, _CENTROIDS, width)
    lengths = reader.array("u1", rows)
    if reader.numbers("4i") != (1, 1, 1, 1):
        raise ValueError("the lengths are no numbers")
    scale = reader.array("<f4", _CENTROIDS)[lengths]
    directions = centroids[np.arange(parts), codes.reshape(rows, parts)].reshape(rows, size)
    return directions * scale[:, None]


def _plain(reader: _Reader, rows: int, size: int) -> np.ndarray:
    """float32 [rows, size], behind which the file ends."""
    if reader.numbers("?") != (False,) or reader.numbers("qq") != (rows, size):
        raise ValueError(f"its last matrix is not of {[rows, size]} float32")
    found = reader.array("<f4", rows, size)
    if reader.place != len(reader.content):
        raise ValueError("something stands behind its end")
    return found


def tree_of(counts: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The Huffman tree over labels: which inner nodes lead to each, by the right and by the left.

    Args:
        counts: of the labels, the largest first.

    Returns:
        Two bool arrays [labels - 1, labels]: whether a label lies to the right of a node, to its left.
    """
    labels = len(counts)
    weights = [*counts]
    below: list[tuple[int, int]] = []
    leaf, inner = labels - 1, labels
    for node in range(labels, 2 * labels - 1):
        pair = []
        for _ in range(2):
            # a node that is not made yet is heavier than any
            if leaf >= 0 and (inner >= node or weights[leaf] < weights[inner]):
                pair.append(leaf)
                leaf -= 1
            else:
                pair.append(inner)
                inner += 1
        below.append((pair[0], pair[1]))
        weights.append(weights[pair[0]] + weights[pair[1]])
    right, left = np.zeros((2, labels - 1, labels), bool)
    under: list[list[int]] = [[label] for label in range(labels)]
    for number, (one, other) in enumerate(below):
        left[number, under[one]] = True
        right[number, under[other]] = True
        under.append(under[one] + under[other])
    return right, left
