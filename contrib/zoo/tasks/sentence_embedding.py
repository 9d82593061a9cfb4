"""Sentence embedding: a text in, a vector of length 1 out; the cosine of two says how alike their texts are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from utils.datasets.beir import Document, Query, Retrieval, is_retrieval
from utils.datasets.sample import Sample
from utils.datasets.sts import SentencePairs, pair_sentences_in
from utils.metrics.embedding import EmbeddingQuality
from utils.metrics.similarity import cosine
from utils.preprocess.text import TextEncoder, Tokens, at_most, is_blank, text_of
from utils.preprocess.tokenizer import TokenizerFile, open_tokenizer, tokenizer_name
from zoo.task import Task
from zoo_core.errors import DataError

# Two embeddings of a sentence agree at this cosine: an angle of 0.8 degrees.
AGREEMENT = 0.9999
_SHOWN = 4
_FEW = 5  # texts that are compared with each other


@dataclass(frozen=True)
class Embedding:
    """vector: float32 [D]. tokens: how many were looked at, special ones included, of `total`."""

    vector: np.ndarray
    tokens: int
    total: int


class Prefixes(NamedTuple):
    """What a network was trained to find before a text: before one that is compared with its like, before a query, and
    before a document that may answer one."""

    alike: str = ""
    query: str = ""
    document: str = ""


NOTHING = Prefixes()


@dataclass(frozen=True)
class SentenceEmbedding(Task):
    """The inputs are ids and attention mask. tokenizer: a file, a tokenizer.json or a vocabulary. max_length: tokens of
    a text, special ones included, that are looked at, and longest what the network has positions for. prefixes: what
    is put before a text."""

    tokenizer: TokenizerFile
    max_length: int
    longest: int
    suffixes: tuple[str, ...] = (".txt", ".tsv", ".csv")
    data_name: str = "text"
    text_help: str | None = "a text to embed"
    padding: tuple[float, ...] | None = (0.0, 0.0)  # the id of [PAD], and what it is worth
    prefixes: Prefixes = NOTHING

    @cached_property
    def _encoder(self) -> TextEncoder:
        return TextEncoder(open_tokenizer(self.tokenizer), self.max_length)

    @property
    def positions(self) -> int:  # type: ignore[override]
        return self.longest

    @property
    def source_identity(self) -> str:
        before = f", {self.prefixes}" if any(self.prefixes) else ""
        return f"{tokenizer_name(self.tokenizer)}, at most {self.max_length}{before}"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Tokens]:
        """From `data`, a text or the Path of a text file, to ids and mask, int64 [length] each."""
        tokens = self._encoder(self._whole(data))
        return (tokens.ids, np.ones_like(tokens.ids)), tokens

    def postprocess(self, outputs: list[np.ndarray], metas: list[Tokens]) -> list[Embedding]:
        """From embeddings [N, D] to N of them; DataError on NaN or infinity."""
        vectors = np.asarray(outputs[0], np.float32)
        if not np.isfinite(vectors).all():
            raise DataError(
                "the network gave NaN or infinity. In float16 this is often an overflow: try --dtype float32."
            )
        return [Embedding(vector, len(meta.ids), meta.total) for vector, meta in zip(vectors, metas, strict=True)]

    def _whole(self, data: Any) -> str:
        """The text with what belongs before it; an empty one stays empty, and is refused."""
        text = text_of(data)
        if is_blank(text):
            return text
        place = 1 if isinstance(data, Query) else 2 if isinstance(data, Document) else 0
        return self.prefixes[place] + text

    def dataset(self, root: Path) -> Sequence[Sample]:
        return Retrieval(root) if is_retrieval(root) else SentencePairs(root)

    def samples_in(self, path: Path) -> list[Sample]:
        return pair_sentences_in(path) if path.suffix.lower() in (".tsv", ".csv") else [Sample(path.name, path)]

    def length(self, data: Any) -> int:
        return self._encoder.length(self._whole(data))

    def metric(self) -> EmbeddingQuality:
        return EmbeddingQuality()

    def agreement(self, one: Embedding, other: Embedding) -> bool:
        return cosine(one.vector, other.vector) >= AGREEMENT

    def describe(self, prediction: Embedding, topk: int) -> str:
        """The first numbers; `topk` or four of them, whichever is more."""
        numbers = ", ".join(f"{value:.4f}" for value in prediction.vector[: max(topk, _SHOWN)])
        cut = f", of the first {prediction.tokens} of {prediction.total} tokens"
        return f"[{numbers}, …] of {len(prediction.vector)}" + (cut if prediction.total > prediction.tokens else "")

    def compare(self, found: Sequence[tuple[str, Embedding]]) -> list[str]:
        """The cosine of each two of a few texts."""
        pairs = combinations(found, 2) if len(found) <= _FEW else ()
        return [f"cosine of {a} and {b}: {cosine(one.vector, other.vector):.4f}" for (a, one), (b, other) in pairs]

    def to_json(self, prediction: Embedding) -> dict[str, Any]:
        return {
            "embedding": prediction.vector.tolist(),
            "tokens": prediction.tokens,
            "tokens_in_text": prediction.total,
        }

    def draw(self, data: Any, prediction: Embedding) -> Any:
        from utils.draw.text import draw_embedding

        vector = prediction.vector
        note = f"{len(vector)} numbers from {vector.min():.3f} (blue) to {vector.max():.3f} (red)"
        return draw_embedding(text_of(data), vector, note)

    def adapted(self, size: int | None, topk: int) -> SentenceEmbedding:
        return replace(self, max_length=at_most(size or self.max_length, self.longest))
