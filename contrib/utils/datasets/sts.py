"""Pairs of sentences and how alike they are, 0 to 5: the STS benchmark in both layouts that it is published in.

- GLUE's STS-B/dev.tsv: a header, and by its names the fields sentence1, sentence2 and score.
- The original stsbenchmark's sts-dev.csv, which has tabs between its fields in spite of its name, and no header: genre,
  file name, year, number, score, sentence1, sentence2; further fields (the sources) may follow.

Source: Cer et al., SemEval-2017 Task 1: Semantic Textual Similarity, 2017; Wang et al., GLUE, 2019.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

from utils.datasets.sample import Listed, Sample
from utils.datasets.tsv import Row, find_table, require_fields, require_once, rows_of
from zoo_core.errors import DataError

FILES = ("dev.tsv", "sts-dev.csv", "sts-dev.tsv")
FIRST, SECOND, SCORE = "sentence1", "sentence2", "score"
HIGHEST = 5.0
# The original's fields: where the score and the sentences are, and how many there are at least
_ORIGINAL = {SCORE: 4, FIRST: 5, SECOND: 6}
_ORIGINAL_LEAST = 7


class Side(NamedTuple):
    """What is known of one sentence of a pair.

    Attributes:
        pair: the pair's id, "dev.tsv:<line>".
        side: 1 or 2.
        score: how alike the two are by human judgement, 0 (not at all) to 5 (the same).
    """

    pair: str
    side: int
    score: float


class SentencePairs(Listed):
    """Two samples a pair, side by side: id "dev.tsv:<line>.<side>", data the sentence (str), target a Side.

    Args:
        root: the file, or a folder with dev.tsv (GLUE) or sts-dev.csv (the original).

    Raises:
        DataError: no such file, not UTF-8, or a row with too few fields, an empty sentence, or a score that is no
            number from 0 to 5; names the line.
    """

    def __init__(self, root: str | Path) -> None:
        path = find_table(Path(root), FILES)
        self._samples = _read(path, scored=True)


def pair_sentences_in(path: Path) -> list[Sample]:
    """The sentences of a file without targets; the score may be missing, as in GLUE's test.tsv."""
    return _read(path, scored=False)


def _read(path: Path, scored: bool) -> list[Sample]:
    rows = list(rows_of(path))
    number, header = rows[0]
    named = FIRST in header or SECOND in header
    places = {name: header.index(name) for name in header} if named else _ORIGINAL
    for name in (FIRST, SECOND, *((SCORE,) if scored else ())):
        if name not in places:
            raise DataError(
                f"{path}, line {number}: there is no field '{name}' in the header ({', '.join(header):.200})."
            )
    if named:
        require_once(path, number, header, (FIRST, SECOND, SCORE))
    samples: list[Sample] = []
    for row in rows[1:] if named else rows:
        if named:
            require_fields(path, row, len(header))
        elif len(row[1]) < _ORIGINAL_LEAST:
            raise DataError(
                f"{path}, line {row[0]}: {len(row[1])} fields. Without a header that names {FIRST}, {SECOND} and "
                f"{SCORE}, at least {_ORIGINAL_LEAST} are expected with tabs between them: genre, file, year, number, "
                f"{SCORE}, {FIRST}, {SECOND}."
            )
        samples += _pair(path, row, places, scored)
    if not samples:
        raise DataError(f"{path}: there is no row below the header.")
    return samples


def _pair(path: Path, row: Row, places: dict[str, int], scored: bool) -> list[Sample]:
    number, fields = row
    pair = f"{path.name}:{number}"
    score = _score(path, row, places[SCORE]) if scored else 0.0
    samples = []
    for side, name in enumerate((FIRST, SECOND), start=1):
        sentence = fields[places[name]].strip()
        if not sentence:
            raise DataError(f"{path}, line {number}: {name} is empty.")
        samples.append(Sample(f"{pair}.{side}", sentence, Side(pair, side, score) if scored else None))
    return samples


def _score(path: Path, row: Row, place: int) -> float:
    number, fields = row
    try:
        score = float(fields[place])
    except ValueError:
        score = math.nan
    if not 0 <= score <= HIGHEST:
        raise DataError(
            f"{path}, line {number}: the score is a number from 0 to {HIGHEST:g}, got {fields[place]!r:.40}."
        )
    return score
