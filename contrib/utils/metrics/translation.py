"""Metrics of translations: those that are right to the letter, and BLEU (sacrebleu)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Protocol

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import fields_of, foreign
from zoo_core.errors import DataError


class Written(Protocol):
    """What was written."""

    @property
    def text(self) -> str: ...


class TranslationQuality:
    """The fraction of translations that are equal to the reference (primary); and corpus BLEU with sacrebleu's own
    tokenisation (13a), 0 to 1, where that package is installed."""

    def __init__(self) -> None:
        self._pairs: list[list[str]] = []

    @property
    def infos(self) -> tuple[MetricInfo, ...]:
        exact = MetricInfo("exact_match", "fraction", 0.0, 1.0, True)
        return (exact, MetricInfo("bleu", "fraction", 0.0, 1.0, True)) if find_spec("sacrebleu") else (exact,)

    def update(self, predictions: Sequence[Written], truths: Sequence[str]) -> None:
        """Count one batch of translations against their references.

        Raises:
            DataError: different lengths, or a reference that is no text. Nothing of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        for truth in truths:
            if not isinstance(truth, str) or not truth.strip():
                raise DataError(f"truth {truth!r:.80}: the reference translation is expected, a text.")
        self._pairs += [[found.text, truth] for found, truth in zip(predictions, truths, strict=True)]

    def compute(self) -> dict[str, float]:
        """{"exact_match": fraction, "bleu": fraction}; DataError when nothing was counted."""
        if not self._pairs:
            raise DataError("no translation was counted. Is the data set empty?")
        right = sum(found.strip() == truth.strip() for found, truth in self._pairs)
        figures = {"exact_match": right / len(self._pairs)}
        if len(self.infos) > 1:
            import sacrebleu

            found, truths = zip(*self._pairs, strict=True)
            figures["bleu"] = sacrebleu.corpus_bleu(list(found), [list(truths)]).score / 100
        return figures

    def state(self) -> dict[str, Any]:
        """{"pairs": [[found, reference], …]}."""
        return {"pairs": self._pairs}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        pairs = fields_of(state, ("pairs",), "translations")["pairs"]
        if not isinstance(pairs, list) or not all(
            isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair) for pair in pairs
        ):
            raise foreign("translations", state)
        self._pairs += pairs
