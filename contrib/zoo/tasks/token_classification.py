"""Token classification: a sentence in, a tag for each of its words out, and the entities that they make."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.conll import OUTSIDE, TaggedSentences
from utils.datasets.sample import Sample
from utils.metrics.entities import EntityF1, Span, spans
from utils.notices import notice
from utils.postprocess.pytorch.anchored import require_finite
from utils.preprocess.text import at_most, text_of
from utils.preprocess.tokenizer import TokenizerFile, open_tokenizer, tokenizer_name
from zoo.task import Task
from zoo_core.errors import DataError

_log = logging.getLogger(__name__)
_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class Words:
    """The words of a sentence, and for each of those that the network sees, the place of its first token; None for a
    word that the tokenizer makes no token of."""

    words: tuple[str, ...]
    places: tuple[int | None, ...]


@dataclass(frozen=True)
class TaggedWords:
    """words: of the sentence. tags: one a word. seen: how many of them the network was given."""

    words: tuple[str, ...]
    tags: tuple[str, ...]
    seen: int

    @cached_property
    def entities(self) -> list[Span]:
        """(first word, word behind the last, type), in order."""
        return sorted(spans(self.tags))


@dataclass(frozen=True)
class TokenClassification(Task):
    """The inputs are ids and attention mask, int64 [N, length]; the output are logits [N, length, tags]. A word has the
    tag of its first token, and one without any token has O.

    tokenizer: a tokenizer.json. labels: tags in index order, O among them. max_length: tokens of a sentence that are
    looked at; words behind them are O. longest: what the network has positions for. padding: of ids and mask.
    """

    tokenizer: TokenizerFile
    labels: tuple[str, ...]
    max_length: int
    longest: int
    padding: tuple[float, ...] | None = (0.0, 0.0)
    suffixes: tuple[str, ...] = (".txt", ".conll")
    data_name: str = "text"
    text_help: str | None = "a text whose entities are asked for"

    @cached_property
    def _tokenizer(self) -> Any:
        tokenizer = open_tokenizer(self.tokenizer)
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.max_length)
        return tokenizer

    @property
    def positions(self) -> int | None:  # type: ignore[override]
        return self.longest

    @property
    def source_identity(self) -> str:
        return f"{tokenizer_name(self.tokenizer)}, at most {self.max_length}"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Words]:
        """From `data`, the words of a sentence, a text, or the Path of a text file, to ids and mask."""
        words = words_of(data)
        encoding = self._encoded(words)
        first: dict[int, int] = {}
        for place, word in enumerate(encoding.word_ids):
            if word is not None:
                first.setdefault(word, place)
        seen = max(first, default=-1) + 1 if encoding.overflowing else len(words)
        if seen < len(words):
            _log.warning("text of %d words, of which the network takes %d; the others are O", len(words), seen)
        places = [first.get(word) for word in range(seen)]
        if None in places:
            bare = words[places.index(None)]
            notice(
                "words without a token", repr(bare), "the tokenizer makes nothing of this word, which gets no tag (O)."
            )
        ids = np.array(encoding.ids, np.int64)
        return (ids, np.ones_like(ids)), Words(words, tuple(places))

    def _encoded(self, words: Sequence[str]) -> Any:
        try:
            return self._tokenizer.encode(list(words), is_pretokenized=True)
        except Exception as error:  # what the library raises, where a tokenizer.json lacks what its model needs
            raise DataError(f"the tokenizer cannot encode this text: {error!s:.200}. Is its file whole?") from error

    def postprocess(self, outputs: list[np.ndarray], metas: list[Words]) -> list[TaggedWords]:
        """From logits [N, length, tags] to N tagged sentences. Raises DataError for other shapes, NaN and infinity."""
        (logits,) = outputs
        if logits.ndim != 3 or len(logits) != len(metas) or logits.shape[2] != len(self.labels):
            raise DataError(
                f"the network gave an output of {list(logits.shape)}, expected [{len(metas)}, length, "
                f"{len(self.labels)}]. Is this the checkpoint of another model?"
            )
        require_finite(logits)
        found = []
        for row, meta in zip(logits.argmax(axis=2), metas, strict=True):
            tags = [OUTSIDE if place is None else self.labels[row[place]] for place in meta.places]
            tags += [OUTSIDE] * (len(meta.words) - len(tags))
            found.append(TaggedWords(meta.words, tuple(tags), len(meta.places)))
        return found

    def dataset(self, root: Path) -> Sequence[Sample]:
        return TaggedSentences(root)

    def samples_in(self, path: Path) -> list[Sample]:
        if path.suffix.lower() != ".conll":
            return [Sample(path.name, path)]
        return [Sample(one.id, one.data) for one in TaggedSentences(path)]

    def length(self, data: Any) -> int:
        return len(self._encoded(words_of(data)).ids)

    def metric(self) -> EntityF1:
        return EntityF1()

    def agreement(self, one: TaggedWords, other: TaggedWords) -> bool:
        return one.tags == other.tags

    def describe(self, prediction: TaggedWords, topk: int) -> str:
        told = [f"{' '.join(prediction.words[start:end])} ({kind})" for start, end, kind in prediction.entities]
        cut = f" (of the first {prediction.seen} of {len(prediction.words)} words)"
        return (", ".join(told) or "no entity") + (cut if prediction.seen < len(prediction.words) else "")

    def to_json(self, prediction: TaggedWords) -> dict[str, Any]:
        entities = [
            {"text": " ".join(prediction.words[start:end]), "first": start, "end": end, "type": kind}
            for start, end, kind in prediction.entities
        ]
        return {"entities": entities, "words": list(prediction.words), "tags": list(prediction.tags)}

    def draw(self, data: Any, prediction: TaggedWords) -> Any:
        from utils.draw.entities import draw_entities

        return draw_entities(prediction.words, prediction.entities)

    def adapted(self, size: int | None, topk: int) -> TokenClassification:
        return replace(self, max_length=at_most(size, self.longest)) if size else self


def words_of(data: Any) -> tuple[str, ...]:
    """The words of a sentence as they are, or those of a text: runs of letters and digits, and marks one by one.

    Raises:
        DataError: there is no word.
    """
    words = data if isinstance(data, tuple) else tuple(_WORD.findall(text_of(data)))
    if not words:
        raise DataError("the text is empty: there is no word in it.")
    return words
