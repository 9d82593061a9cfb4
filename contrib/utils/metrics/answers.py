"""The metrics of question answering, as the evaluation of SQuAD 1.1 and 2.0 defines them."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from utils.datasets.squad import Answers
from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import fields_of, foreign, is_count
from utils.metrics.exact import ExactSum
from zoo_core.errors import DataError

_MARKS = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


class Answered(Protocol):
    """An answer; "" says that there is none."""

    @property
    def text(self) -> str: ...


class AnswerQuality:
    """F1 of the words of an answer (primary), and the fraction of answers that are equal to the truth.

    Both without regard to capitals, punctuation, articles and white space, for the best of several truths, and as the
    mean over the questions. Of a question without an answer, both are 1 where none is given, else 0.
    """

    infos = tuple(MetricInfo(name, "fraction", 0.0, 1.0, True) for name in ("f1", "exact_match"))

    def __init__(self) -> None:
        self._questions = self._exact = 0
        self._overlap = ExactSum()

    def update(self, predictions: Sequence[Answered], truths: Sequence[Answers]) -> None:
        """Count one batch.

        Raises:
            DataError: different lengths, or a truth that is none. Nothing of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        for truth in truths:
            if not isinstance(truth, Answers):
                raise DataError(f"truth {truth!r:.80}: the answers of a question are expected.")
        for found, truth in zip(predictions, truths, strict=True):
            exact, overlap = scores(found.text, truth)
            self._questions += 1
            self._exact += int(exact)
            self._overlap.add([overlap])

    def compute(self) -> dict[str, float]:
        """{"f1": fraction, "exact_match": fraction}; DataError when nothing was counted."""
        if not self._questions:
            raise DataError("no question was counted. Is the data set empty?")
        return {"f1": self._overlap.value / self._questions, "exact_match": self._exact / self._questions}

    def state(self) -> dict[str, Any]:
        """{"questions": n, "exact": n, "overlap": parts of the sum of F1}."""
        return {"questions": self._questions, "exact": self._exact, "overlap": self._overlap.state()}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        fields = fields_of(state, ("questions", "exact", "overlap"), "answers")
        questions, exact = fields["questions"], fields["exact"]
        overlap = ExactSum.of(fields["overlap"], questions, 0, 1)
        if not is_count(exact) or exact > questions:
            raise foreign("answers", state)
        self._questions += questions
        self._exact += exact
        self._overlap.add(overlap.state())


def scores(found: str, truth: Answers) -> tuple[float, float]:
    """(1 where the answer is equal to one of the truths, else 0; F1 with the one that it is nearest to)."""
    # version 2.0 passes over truths of which nothing is left, such as "the"; without one, no answer is right
    texts = [text for text in truth.texts if normalised(text) or not truth.second] or [""]
    exact = max(float(normalised(found) == normalised(text)) for text in texts)
    return exact, max(word_f1(found, text, truth.second) for text in texts)


def word_f1(found: str, truth: str, second: bool = True) -> float:
    """F1 of the words of an answer, each counted as often as it occurs.

    Args:
        found: the answer.
        truth: a right one.
        second: whether two answers without a word are equal, as version 2.0 has it; in 1.1 they have none in common.
    """
    one, other = normalised(found).split(), normalised(truth).split()
    if not one or not other:
        return float(second and one == other)
    common = sum((Counter(one) & Counter(other)).values())
    return 2 * common / (len(one) + len(other))


def normalised(text: str) -> str:
    """In small letters, without punctuation (ASCII's) and articles, one space between words."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_MARKS)).split())
