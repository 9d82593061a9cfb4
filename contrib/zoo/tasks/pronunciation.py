"""Pronunciation: a word in, its phonemes out; an encoder of letters, and a decoder that says phoneme by phoneme."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.pronunciations import Pronunciations, words_in
from utils.datasets.sample import Sample
from utils.generation import Search
from utils.metrics.pronunciation import PhonemeErrors
from utils.preprocess.text import text_of
from zoo.task import Run, Task, as_list
from zoo_core.errors import DataError


@dataclass(frozen=True)
class Said:
    """word: as it was read. phonemes: in ARPAbet."""

    word: str
    phonemes: tuple[str, ...]


@dataclass(frozen=True)
class Pronunciation(Task):
    """Two parts. The encoder takes letters, int64 [N, letters], and gives a state, [N, size]. A step of the decoder
    takes a phoneme, int64 [N], and a state; it gives logits, [N, phonemes], and the next state.

    letters, phonemes: in the order of their ids; a letter that is not there is `unknown`, and `end` stands behind a
    word. search: how phonemes are chosen. most: letters of a word at most (--input_size), the end included.
    """

    letters: tuple[str, ...]
    phonemes: tuple[str, ...]
    unknown: int
    end: int
    search: Search
    most: int | None = None
    suffixes: tuple[str, ...] = (".txt",)
    data_name: str = "word"
    text_help: str | None = "a word to say"
    padding: tuple[float, ...] | None = (0.0,)

    @property
    def source_identity(self) -> str:
        return f"small letters without accents, {len(self.letters)} of them, {self.search}"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        """From `data`, a word or the Path of a file with one, to int64 [letters]; the meta is the word."""
        word = plain(text_of(data))
        if self.most is not None and len(word) >= self.most:
            raise DataError(
                f"a word of {len(word)} letters, and --input_size {self.most} has room for {self.most - 1}."
            )
        known = {letter: index for index, letter in enumerate(self.letters)}
        ids = [known.get(letter, self.unknown) for letter in word]
        if all(one == self.unknown for one in ids):
            raise DataError(f"the word {word!r:.40} has no letter that the network knows.")
        return (np.array([*ids, self.end], np.int64),), word

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        """The phonemes of each word, int64 [N, length]."""
        encode, step = parts.values()
        (state,) = as_list(encode(arrays))
        return [self.search(_Decoding(step, state), len(state))]

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[Said]:
        return [
            Said(word, tuple(self.phonemes[index] for index in self._until(row)))
            for row, word in zip(outputs[0], metas, strict=True)
        ]

    def _until(self, row: np.ndarray) -> list[int]:
        """What stands between the first phoneme and the one that ends the word."""
        ids: list[int] = row[1:].tolist()
        return ids[: ids.index(self.search.end)] if self.search.end in ids else ids

    def dataset(self, root: Path) -> Sequence[Sample]:
        return Pronunciations(root)

    def samples_in(self, path: Path) -> list[Sample]:
        return words_in(path)

    def length(self, data: Any) -> int:
        return len(plain(text_of(data))) + 1

    def metric(self) -> PhonemeErrors:
        return PhonemeErrors()

    def agreement(self, one: Said, other: Said) -> bool:
        return one.phonemes == other.phonemes

    def describe(self, prediction: Said, topk: int) -> str:
        return f"{prediction.word}: {' '.join(prediction.phonemes) or '(nothing)'}"

    def to_json(self, prediction: Said) -> dict[str, Any]:
        return {"word": prediction.word, "phonemes": list(prediction.phonemes)}

    def draw(self, data: Any, prediction: Said) -> Any:
        from utils.draw.translation import draw_translation

        return draw_translation(prediction.word, " ".join(prediction.phonemes), ("word", "ARPAbet"))

    def adapted(self, size: int | None, topk: int) -> Pronunciation:
        return replace(self, most=size) if size else self


class _Decoding:
    """The decoder under way for a batch: its state has the dtype of the graph, and a row for each word."""

    def __init__(self, step: Run, state: np.ndarray):
        self._step, self._state = step, state

    def __call__(self, tokens: np.ndarray, origins: np.ndarray | None) -> np.ndarray:
        if origins is not None:
            self._state = self._state[origins]
        logits, self._state = as_list(self._step([tokens, self._state]))
        return logits


def plain(text: str) -> str:
    """A word in small letters and without accents, as dictionaries of English have it. Raises DataError where it is
    none, or several."""
    words = text.split()
    if len(words) != 1:
        raise DataError(f"one word is expected; got {text.strip()!r:.60}, which is {len(words) or 'none'}.")
    letters = unicodedata.normalize("NFD", words[0].encode("utf-8", "replace").decode("utf-8"))
    return "".join(one for one in letters if unicodedata.category(one) != "Mn").lower()
