"""Zero-shot classification: a picture and some sentences in, a ranking of the sentences out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from utils.preprocess.text import TextEncoder
from utils.preprocess.tokenizer import TokenizerFile, open_tokenizer, tokenizer_name
from zoo.errors import ZooError
from zoo.task import Run, as_list

from .classification import ImageClassification


@dataclass(frozen=True, kw_only=True)
class ZeroShotClassification(ImageClassification):
    """The first part gives a vector of length 1 for a picture, the second one for ids of a sentence, times the
    network's own scale; their products are the logits.

    tokenizer: of the sentences. longest: ids of a sentence that the network takes, filled up with its last one.
    sentences: one for each of `labels`.
    """

    tokenizer: TokenizerFile
    longest: int
    sentences: tuple[str, ...]
    words_help = "a sentence that may describe the picture, instead of the model's own"

    @property
    def source_identity(self) -> str:
        return f"{super().source_identity}; {tokenizer_name(self.tokenizer)}, {len(self.sentences)} sentences"

    @cached_property
    def ids(self) -> np.ndarray:
        """int64 [sentences, length]."""
        encoder = TextEncoder(open_tokenizer(self.tokenizer), self.longest)
        rows = [encoder(sentence).ids for sentence in self.sentences]
        return np.stack([np.pad(row, (0, self.longest - len(row)), mode="edge") for row in rows]).astype(np.int64)

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        """Logits [N, sentences]."""
        look, read = parts.values()
        (pictures,), (sentences,) = as_list(look(arrays)), as_list(read([self.ids]))
        return [pictures @ sentences.T]

    def worded(self, words: Sequence[str]) -> ZeroShotClassification:
        """The same with somebody's own sentences. Raises ZooError unless there are two different ones at least."""
        own = tuple(dict.fromkeys(words))
        if len(own) < 2:
            raise ZooError(
                f"--text says what a picture may show, and the network ranks it: give it at least twice, with "
                f"different sentences (got {', '.join(own) or 'none'})"
            )
        return replace(self, labels=own, folders=own, sentences=own)
