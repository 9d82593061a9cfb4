"""Metrics of reading text: words that are right as a whole, and errors a character (jiwer)."""

from collections.abc import Sequence
from typing import Any, Protocol

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import counts_of, foreign
from zoo_core.errors import DataError

COUNTS = ("words", "right", "edits", "characters")


class Read(Protocol):
    """What was read."""

    @property
    def text(self) -> str:
        """What was read."""


class WordAccuracy:
    """The fraction of words that are read without a mistake (primary), and the character error rate.

    The published protocol of scene text recognition: letters count without their case, and characters that the
    alphabet does not have are taken out of the truth.

    Args:
        alphabet: the characters that a network can say, in small letters.
    """

    infos = (
        MetricInfo("word_accuracy", "fraction", 0.0, 1.0, True),
        MetricInfo("cer", "edits a character", 0.0, float("inf"), False),
    )

    def __init__(self, alphabet: str) -> None:
        self._alphabet = frozenset(alphabet)
        self._counts = dict.fromkeys(COUNTS, 0)

    def update(self, predictions: Sequence[Read], truths: Sequence[str]) -> None:
        """Count one batch of read words against the true ones.

        Raises:
            DataError: different lengths, or a truth that is no text or has no character of the alphabet. Nothing of
                the batch has been counted then.
        """
        import jiwer

        require_as_many(predictions, truths)
        if not truths:
            return
        checked = [self._checked(truth) for truth in truths]
        read = [self.plain(prediction.text) for prediction in predictions]
        found = jiwer.process_characters(checked, read)
        edits = found.substitutions + found.deletions + found.insertions
        right = sum(one == other for one, other in zip(checked, read, strict=True))
        for name, count in zip(COUNTS, (len(checked), right, edits, sum(map(len, checked))), strict=True):
            self._counts[name] += count

    def plain(self, text: str) -> str:
        """The text as it is compared: small letters, and of the alphabet only."""
        return "".join(letter for letter in text.lower() if letter in self._alphabet)

    def compute(self) -> dict[str, float]:
        """{"word_accuracy": fraction, "cer": edits a character}; DataError when nothing was counted."""
        words, right, edits, characters = (self._counts[name] for name in COUNTS)
        if not words:
            raise DataError("no word was counted, so there is no accuracy. Is the data set empty?")
        return {"word_accuracy": right / words, "cer": edits / characters}

    def state(self) -> dict[str, Any]:
        """{"words": n, "right": n, "edits": n, "characters": n}."""
        return dict(self._counts)

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        counts = counts_of(state, COUNTS, "read words")
        if counts["right"] > counts["words"] or counts["words"] > counts["characters"]:
            raise foreign("read words", state)
        for name, count in counts.items():
            self._counts[name] += count

    def _checked(self, truth: Any) -> str:
        plain = self.plain(truth) if isinstance(truth, str) else ""
        if not plain:
            raise DataError(
                f"the true word {truth!r:.80} has no character that can be read; the alphabet is "
                f"{''.join(sorted(self._alphabet))}. Take it out of the data set."
            )
        return plain
