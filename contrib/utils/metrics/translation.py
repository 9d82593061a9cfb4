"""Metrics of translations and summaries: those that are right to the letter, BLEU (sacrebleu), ROUGE (rouge-score)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Protocol

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import fields_of, foreign
from utils.notices import notice
from zoo_core.errors import DataError

ROUGE = {"rouge_1": "rouge1", "rouge_2": "rouge2", "rouge_l": "rougeL"}


class Written(Protocol):
    """What was written."""

    @property
    def text(self) -> str: ...


class TranslationQuality:
    """The fraction of translations that are equal to the reference (primary); corpus BLEU with sacrebleu's own
    tokenisation (13a), 0 to 1; and where asked for, the mean F of ROUGE-1, ROUGE-2 and ROUGE-L by rouge-score, with
    its stemmer: it takes Latin letters without accents as parts of words, and everything else as gaps.

    BLEU and ROUGE are there where their packages are installed; a notice says what is missing of what was asked for.

    Args:
        rouge: whether ROUGE is asked for.
    """

    def __init__(self, rouge: bool = False) -> None:
        self._pairs: list[list[str]] = []
        self._rouge = rouge

    @property
    def infos(self) -> tuple[MetricInfo, ...]:
        names = ["exact_match", *(["bleu"] if find_spec("sacrebleu") else []), *(ROUGE if self._has_rouge else ())]
        return tuple(MetricInfo(name, "fraction", 0.0, 1.0, True) for name in names)

    @property
    def _has_rouge(self) -> bool:
        return self._rouge and find_spec("rouge_score") is not None

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
        """The figures by their names; DataError when nothing was counted."""
        if not self._pairs:
            raise DataError("no translation was counted. Is the data set empty?")
        right = sum(found.strip() == truth.strip() for found, truth in self._pairs)
        figures = {"exact_match": right / len(self._pairs)}
        if find_spec("sacrebleu"):
            import sacrebleu

            found, truths = zip(*self._pairs, strict=True)
            figures["bleu"] = sacrebleu.corpus_bleu(list(found), [list(truths)]).score / 100
        if self._has_rouge:
            figures |= self._rouges()
        elif self._rouge:
            notice("no ROUGE", "ROUGE", "is left out of the figures: pip install 'rouge-score>=0.1.2,<0.2' gives it")
        return figures

    def _rouges(self) -> dict[str, float]:
        from rouge_score.rouge_scorer import RougeScorer

        score = RougeScorer(list(ROUGE.values()), use_stemmer=True).score
        found = [score(truth, written) for written, truth in self._pairs]
        return {name: sum(one[key].fmeasure for one in found) / len(found) for name, key in ROUGE.items()}

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
