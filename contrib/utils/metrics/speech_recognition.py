"""The word error rate of what was heard (jiwer), and the rules by which words count as the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import counts_of, foreign
from zoo_core.errors import DataError

COUNTS = ("edits", "words", "wrong", "recordings")
_BELOW_20 = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen"""
_ONES = _BELOW_20.split()
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_TITLES = {"mr": "mister", "mrs": "missus", "dr": "doctor", "st": "saint"}


class Heard(Protocol):
    """What was heard."""

    @property
    def text(self) -> str: ...


class WordErrors:
    """Words that have to be put in, taken out or replaced, for each word that was said (primary); and the fraction of
    recordings with any mistake.

    Both sides are compared as `plain_words` writes them.
    """

    infos = (
        MetricInfo("wer", "edits a word", 0.0, float("inf"), False),
        MetricInfo("sentence_errors", "fraction", 0.0, 1.0, False),
    )

    def __init__(self) -> None:
        self._counts = dict.fromkeys(COUNTS, 0)

    def update(self, predictions: Sequence[Heard], truths: Sequence[str]) -> None:
        """Count one batch: what was heard, and what was said.

        Raises:
            DataError: different lengths, or a truth that is no text or has no words. Nothing of the batch has been
                counted then.
        """
        import jiwer

        require_as_many(predictions, truths)
        if not truths:
            return
        said = [_words_of(truth) for truth in truths]
        heard = [plain_words(prediction.text) for prediction in predictions]
        found = jiwer.process_words(said, heard)
        edits = found.substitutions + found.deletions + found.insertions
        wrong = sum(one != other for one, other in zip(said, heard, strict=True))
        for name, count in zip(COUNTS, (edits, sum(len(one.split()) for one in said), wrong, len(said)), strict=True):
            self._counts[name] += count

    def compute(self) -> dict[str, float]:
        """{"wer": edits a word, "sentence_errors": fraction}; DataError when nothing was counted."""
        edits, words, wrong, recordings = (self._counts[name] for name in COUNTS)
        if not words:
            raise DataError("no recording was counted, so there is no word error rate. Is the data set empty?")
        return {"wer": edits / words, "sentence_errors": wrong / recordings}

    def state(self) -> dict[str, Any]:
        """{"edits": n, "words": n, "wrong": n, "recordings": n}."""
        return dict(self._counts)

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        counts = counts_of(state, COUNTS, "words")
        if counts["wrong"] > min(counts["recordings"], counts["edits"]) or counts["recordings"] > counts["words"]:
            raise foreign("words", state)
        for name, count in counts.items():
            self._counts[name] += count


def plain_words(text: str) -> str:
    """A text as it is compared: small letters and single spaces, without marks.

    Apostrophes stay within a word; hyphens part words. Whole numbers below 100 and the titles Mr, Mrs, Dr and St are
    written as they are said; of larger numbers, each digit.
    """
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+", text.lower().replace("’", "'"))
    return " ".join(_TITLES.get(word, _said(word) if word.isdecimal() else word) for word in words)


def _said(number: str) -> str:
    """A number as English says it."""
    if len(number) > 2 or (number.startswith("0") and len(number) > 1):
        return " ".join(_ONES[int(digit)] for digit in number)
    if int(number) < len(_ONES):
        return _ONES[int(number)]
    tens, ones = divmod(int(number), 10)
    return f"{_TENS[tens - 2]} {_ONES[ones]}" if ones else _TENS[tens - 2]


def _words_of(truth: Any) -> str:
    words = plain_words(truth) if isinstance(truth, str) else ""
    if not words:
        raise DataError(f"truth {truth!r:.80}: the words that are said in the recording are expected.")
    return words
