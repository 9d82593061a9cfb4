"""Translation: a text in, the same in another language out; an encoder, and a decoder that is called token by token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.parallel import ParallelCorpus, sources_in
from utils.datasets.sample import Sample
from utils.generation import Search, until
from utils.metrics.translation import TranslationQuality
from utils.preprocess.text import TextEncoder, Tokens, is_blank, text_of
from utils.preprocess.tokenizer import TokenizerFile, open_tokenizer, tokenizer_name
from zoo.task import Run, Task, as_list
from zoo.tasks.decoding import Decoding


@dataclass(frozen=True)
class Translated:
    """text: the translation. tokens: how many of the source were looked at, special ones included, of `total`."""

    text: str
    tokens: int
    total: int


@dataclass(frozen=True)
class Translation(Task):
    """Two parts. The encoder takes ids and mask, [N, source], and gives keys and values of cross-attention,
    [N, 2 * layers, heads, source, size]: those of a layer beside each other. A step of the decoder takes a token, [N],
    the mask, these keys and values, and those of its own that it gave before, [N, 2 * layers, heads, past, size]; it
    gives logits and its own keys and values of that token.

    tokenizer: of both languages. search: how tokens are chosen. max_length: tokens of a text, special ones included,
    that are looked at. languages: of source and target. prefix: what the network was trained to find before a text.
    rouge: whether ROUGE is among the figures, as for summaries.
    """

    tokenizer: TokenizerFile
    search: Search
    max_length: int
    languages: tuple[str, str]
    prefix: str = ""
    rouge: bool = False
    suffixes: tuple[str, ...] = (".txt", ".tsv")
    data_name: str = "text"
    text_help: str | None = "a text to translate"

    @property
    def padding(self) -> tuple[float, ...]:  # type: ignore[override]
        return (float(self.search.filling), 0.0)

    @cached_property
    def _encoder(self) -> TextEncoder:
        return TextEncoder(open_tokenizer(self.tokenizer), self.max_length)

    @cached_property
    def _decoder(self) -> Any:
        return open_tokenizer(self.tokenizer)

    @property
    def source_identity(self) -> str:
        before = f", behind {self.prefix!r}" if self.prefix else ""
        return f"{tokenizer_name(self.tokenizer)}, at most {self.max_length}, {self.search}{before}"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Tokens]:
        """From `data`, a text or the Path of a text file, to ids and mask, int64 [length] each."""
        tokens = self._encoder(self._whole(data))
        return (tokens.ids, np.ones_like(tokens.ids)), tokens

    def _whole(self, data: Any) -> str:
        """The text with what belongs before it; an empty one stays empty, and is refused."""
        text = text_of(data)
        return text if is_blank(text) else self.prefix + text

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        """The tokens of each translation, int64 [N, length]."""
        ids, mask = arrays
        encode, step = parts.values()
        (memory,) = as_list(encode([ids, mask]))
        return [self.search(Decoding(step, (mask,), memory, self.search.beams), len(ids))]

    def postprocess(self, outputs: list[np.ndarray], metas: list[Tokens]) -> list[Translated]:
        return [
            Translated(self._decoder.decode(until(row, self.search.end)), len(meta.ids), meta.total)
            for row, meta in zip(outputs[0], metas, strict=True)
        ]

    def dataset(self, root: Path) -> Sequence[Sample]:
        return ParallelCorpus(root, self.languages)

    def samples_in(self, path: Path) -> list[Sample]:
        return sources_in(path) if path.suffix.lower() == ".tsv" else [Sample(path.name, path)]

    def length(self, data: Any) -> int:
        return self._encoder.length(self._whole(data))

    def metric(self) -> TranslationQuality:
        return TranslationQuality(self.rouge)

    def agreement(self, one: Translated, other: Translated) -> bool:
        return one.text == other.text

    def describe(self, prediction: Translated, topk: int) -> str:
        cut = f" (of the first {prediction.tokens} of {prediction.total} tokens)"
        return (prediction.text or "(nothing)") + (cut if prediction.total > prediction.tokens else "")

    def to_json(self, prediction: Translated) -> dict[str, Any]:
        return {"text": prediction.text, "tokens": prediction.tokens, "tokens_in_text": prediction.total}

    def draw(self, data: Any, prediction: Translated) -> Any:
        from utils.draw.translation import draw_translation

        return draw_translation(text_of(data), prediction.text, self.languages)

    def adapted(self, size: int | None, topk: int) -> Translation:
        return replace(self, max_length=size) if size else self
