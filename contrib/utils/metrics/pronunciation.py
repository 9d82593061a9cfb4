"""Metrics of pronunciations: errors a phoneme, and words that have one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import counts_of, foreign
from zoo_core.errors import DataError

COUNTS = ("words", "wrong", "edits", "phonemes")


class Said(Protocol):
    """How a word is said."""

    @property
    def phonemes(self) -> tuple[str, ...]:
        """Phonemes, in their order."""


class PhonemeErrors:
    """Phonemes that were left out, put in or exchanged, a phoneme of the truth (primary); and the fraction of words
    with any of these. Of several ways to say a word the nearest counts; a vowel with another stress is another
    phoneme."""

    infos = (
        MetricInfo("per", "edits a phoneme", 0.0, float("inf"), False),
        MetricInfo("wer", "fraction", 0.0, 1.0, False),
    )

    def __init__(self) -> None:
        self._counts = dict.fromkeys(COUNTS, 0)

    def update(self, predictions: Sequence[Said], truths: Sequence[tuple[tuple[str, ...], ...]]) -> None:
        """Count one batch of words. A truth is all ways to say a word.

        Raises:
            DataError: different lengths, or a truth without phonemes. Nothing of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        for truth in truths:
            if not _is_truth(truth):
                raise DataError(f"truth {truth!r:.80}: the ways to say a word are expected, each its phonemes.")
        for one, truth in zip(predictions, truths, strict=True):
            edits, length = min((_edits(way, one.phonemes), len(way)) for way in truth)
            for name, count in zip(COUNTS, (1, int(edits > 0), edits, length), strict=True):
                self._counts[name] += count

    def compute(self) -> dict[str, float]:
        """{"per": edits a phoneme, "wer": fraction}; DataError when nothing was counted."""
        words, wrong, edits, phonemes = (self._counts[name] for name in COUNTS)
        if not words:
            raise DataError("no word was counted, so there is no error rate. Is the data set empty?")
        return {"per": edits / phonemes, "wer": wrong / words}

    def state(self) -> dict[str, Any]:
        """{"words": n, "wrong": n, "edits": n, "phonemes": n}."""
        return dict(self._counts)

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        counts = counts_of(state, COUNTS, "words that were said")
        if counts["wrong"] > min(counts["words"], counts["edits"]) or counts["words"] > counts["phonemes"]:
            raise foreign("words that were said", state)
        for name, count in counts.items():
            self._counts[name] += count


def _is_truth(truth: Any) -> bool:
    return isinstance(truth, tuple) and bool(truth) and all(isinstance(way, tuple) and way for way in truth)


def _edits(truth: Sequence[str], said: Sequence[str]) -> int:
    """Phonemes to leave out, put in or exchange, at least."""
    if truth == said:
        return 0
    import jiwer

    found = jiwer.process_words(" ".join(truth), " ".join(said))
    return int(found.substitutions + found.deletions + found.insertions)
