"""Sentences with a tag a word, in the layout of the CoNLL shared tasks: a word a line, an empty line between sentences.

The first column is the word, the last one its tag; columns are parted by spaces or tabs. Lines that begin with
-DOCSTART- part documents. Source: Tjong Kim Sang and De Meulder, Introduction to the CoNLL-2003 Shared Task, 2003.
"""

from __future__ import annotations

import re
from pathlib import Path

from utils.datasets.sample import Listed, Sample
from utils.datasets.tsv import find_table
from utils.text_file import read_lines
from zoo_core.errors import DataError

# What people score on comes first
FILES = ("eng.testb", "test.txt", "test.conll", "eng.testa", "valid.txt", "dev.txt")
DOCUMENT = "-DOCSTART-"
OUTSIDE = "O"
_TAG = re.compile(r"O|[BIES]-\S+")
_BLANKS = re.compile(r"[ \t]+")


class TaggedSentences(Listed):
    """A sample a sentence: id "test.txt:<first line>", data its words, truth their tags, tuples of str.

    Args:
        root: the file, or a folder with one of `FILES`.

    Raises:
        DataError: no such file, not UTF-8, without a sentence, a first column that counts words, a line with one
            column, or a tag that is neither O nor one of B-, I-, E-, S- and a type; names the line.
    """

    def __init__(self, root: str | Path) -> None:
        path = find_table(Path(root), FILES)
        self._samples = _sentences(path)
        _require_words(path, self._samples)
        if not self._samples:
            raise DataError(f"{path}: there is no sentence in this file.")


def _sentences(path: Path) -> list[Sample]:
    found: list[Sample] = []
    words: list[str] = []
    tags: list[str] = []
    first = 1
    for number, line in enumerate([*read_lines(path), ""], start=1):
        # a word may hold other blanks, such as that of "10 000" which no line is broken at
        columns = _BLANKS.split(line.strip(" \t"))
        if columns[0] and columns[0] != DOCUMENT:
            first = first if words else number
            words.append(columns[0])
            tags.append(_tag(path, number, columns))
        elif words:
            found.append(Sample(f"{path.name}:{first}", tuple(words), tuple(tags)))
            words, tags = [], []
    return found


def _require_words(path: Path, sentences: list[Sample]) -> None:
    """Raise DataError where the first column counts the words of each sentence, as in CoNLL-U, and holds none."""
    counted = [one.data == tuple(str(number) for number in range(1, len(one.data) + 1)) for one in sentences]
    if counted and all(counted):
        raise DataError(
            f"{path}: the first column counts the words (as in CoNLL-U), and the words are expected there. Take that "
            "column out."
        )


def _tag(path: Path, number: int, columns: list[str]) -> str:
    if len(columns) < 2:
        raise DataError(f"{path}, line {number}: one column, {columns[0]!r:.40}; a word and its tag are expected.")
    if not _TAG.fullmatch(columns[-1]):
        raise DataError(f"{path}, line {number}: tag {columns[-1]!r:.40} is neither O nor B-, I-, E- or S- and a type.")
    return columns[-1]
