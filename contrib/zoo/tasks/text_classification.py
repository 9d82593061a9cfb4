"""Text classification: a text in, a ranking of classes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.sample import Sample
from utils.datasets.tsv_classification import LabelledSentences, sentences_in
from utils.metrics.text_classification import AccuracyAndF1
from utils.postprocess.pytorch.classification import Ranking, TopK
from utils.preprocess.text import TextEncoder, Tokens, at_most, text_of
from utils.preprocess.tokenizer import TokenizerFile, open_tokenizer, tokenizer_name
from zoo.tasks.ranked import RankedTask


@dataclass(frozen=True)
class RankedText(Ranking):
    """The best classes of a text, and how many tokens were looked at, of how many."""

    tokens: int
    total: int


@dataclass(frozen=True)
class TextClassification(RankedTask):
    """tokenizer: a file, a tokenizer.json or a vocabulary with a word a line. labels: class names in index order.
    max_length: how many tokens of a text are looked at. masked: whether the network takes an attention mask behind the
    ids. longest: what the network has positions for, None for any length. padding: the id of what fills up a text, and
    with a mask 0 behind it."""

    tokenizer: TokenizerFile
    labels: tuple[str, ...]
    max_length: int
    keep: int = 5
    suffixes: tuple[str, ...] = (".txt", ".tsv")
    data_name: str = "text"
    text_help: str | None = "a text to classify"
    padding: tuple[float, ...] | None = (0.0,)
    masked: bool = False
    longest: int | None = None

    @cached_property
    def _encoder(self) -> TextEncoder:
        return TextEncoder(open_tokenizer(self.tokenizer), self.max_length)

    @cached_property
    def _top(self) -> TopK:
        return TopK(self.labels, k=self.keep)

    @property
    def positions(self) -> int | None:  # type: ignore[override]
        return self.longest

    @property
    def source_identity(self) -> str:
        return f"{tokenizer_name(self.tokenizer)}, at most {self.max_length}"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Tokens]:
        """From `data`, a text or the Path of a text file, to int64 [length] ids, and the mask where there is one."""
        tokens = self._encoder(text_of(data))
        return (tokens.ids, np.ones_like(tokens.ids)) if self.masked else (tokens.ids,), tokens

    def postprocess(self, outputs: list[np.ndarray], metas: list[Tokens]) -> list[RankedText]:
        """From logits [N, classes] to N rankings."""
        rankings = self._top(outputs, metas)
        return [
            RankedText(ranking.classes, ranking.scores, len(meta.ids), meta.total)
            for ranking, meta in zip(rankings, metas, strict=True)
        ]

    def dataset(self, root: Path) -> Sequence[Sample]:
        return LabelledSentences(root, len(self.labels))

    def samples_in(self, path: Path) -> list[Sample]:
        return sentences_in(path) if path.suffix.lower() == ".tsv" else [Sample(path.name, path)]

    def length(self, data: Any) -> int:
        return self._encoder.length(text_of(data))

    def metric(self) -> AccuracyAndF1:
        return AccuracyAndF1(len(self.labels))

    def describe(self, prediction: RankedText, topk: int) -> str:
        cut = f" of the first {prediction.tokens} of {prediction.total} tokens"
        return self._top.describe(prediction, topk) + (cut if prediction.total > prediction.tokens else "")

    def to_json(self, prediction: RankedText) -> dict[str, Any]:
        return self._top.to_json(prediction) | {"tokens": prediction.tokens, "tokens_in_text": prediction.total}

    def draw(self, data: Any, prediction: RankedText) -> Any:
        from utils.draw.text import draw_classified_text

        return draw_classified_text(text_of(data), prediction, self.labels)

    def adapted(self, size: int | None, topk: int) -> TextClassification:
        wanted = size or self.max_length
        length = wanted if self.longest is None else at_most(wanted, self.longest)
        return replace(self, max_length=length, keep=max(self.keep, topk))
