"""Text generation: the beginning of a text in, how it goes on out; and of whole texts, how likely they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from engine.spec import TensorSpec
from utils.datasets.passages import Encoded, Passage, Passages
from utils.datasets.sample import Sample
from utils.generation import Search, until
from utils.metrics.perplexity import Perplexity
from utils.preprocess.text import TextEncoder, at_most, text_of
from utils.preprocess.tokenizer import TokenizerFile, open_tokenizer, tokenizer_name
from utils.sampling import Draws, Sampling
from zoo.task import Run, Task
from zoo.tasks.decoding import Continuing
from zoo_core.errors import DataError

_ANY = 1 << 30  # tokens: texts are not cut, but windowed or refused
_ALIKE = 0.01  # by which the mean logarithms of two runtimes' probabilities may differ


@dataclass(frozen=True)
class Written:
    """prompt: what was given; text: how it goes on, in `made` tokens. nats: minus the logarithm of the probability of
    `counted` tokens of what was given, all but the first."""

    prompt: str
    text: str
    tokens: int
    made: int
    nats: float
    counted: int

    @property
    def perplexity(self) -> float:
        """Of what was given; NaN for a single token, which nothing is before."""
        return math.exp(min(self.nats / self.counted, 700.0)) if self.counted else math.nan


@dataclass(frozen=True)
class Given:
    """ids: of the tokens. counted: the index from which on they are predicted. text: what was given."""

    ids: list[int]
    counted: int
    text: str


@dataclass(frozen=True)
class TextGeneration(Task):
    """One graph, called for a piece of a text and then token by token: see `Continuing`. Beside its inputs, `counts`
    says how many tokens of a row are there, and how many are to be written: none of a data set's passages.

    tokenizer: a tokenizer.json. end: the token that ends a text; -1 where there is none. longest: tokens that the
    network has positions for, what is written included. cache: (tensors, heads, size) of the keys and values. most:
    tokens that are written. beams: texts that are followed at once. sampling: how tokens are drawn; None for the best.
    told: is called with each piece of a text as it comes. max_length: tokens of a window of a data set's texts.
    """

    tokenizer: TokenizerFile
    end: int
    longest: int
    cache: tuple[int, int, int]
    most: int = 64
    beams: int = 1
    sampling: Sampling | None = None
    told: Callable[[str], None] | None = None
    max_length: int = _ANY
    suffixes: tuple[str, ...] = (".txt",)
    data_name: str = "text"
    text_help: str | None = "the beginning of a text"
    padding: tuple[float, ...] | None = (0.0, 0.0, 0.0, 0.0)
    beside: tuple[TensorSpec, ...] = (TensorSpec("counts", "int64", ("batch", 2)),)

    @cached_property
    def _encoder(self) -> TextEncoder:
        return TextEncoder(open_tokenizer(self.tokenizer), _ANY)

    @cached_property
    def _decoder(self) -> Any:
        return open_tokenizer(self.tokenizer)

    @property
    def room(self) -> int:
        """Tokens that a text may have, what is written included."""
        return min(self.longest, self.max_length)

    @property
    def positions(self) -> int | None:  # type: ignore[override]
        return self.longest

    @property
    def source_identity(self) -> str:
        drawn = f", {self.sampling}" if self.sampling else ""
        return f"{tokenizer_name(self.tokenizer)}, windows of {self.room}, {self.beams} beams of {self.most}{drawn}"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Given]:
        """From `data`, a `Passage`, a text, or the Path of a text file, to ids, int64 [length], nothing seen, int64
        [0], an empty cache, and counts, int64 [2]. Raises DataError for a text that leaves no room to go on."""
        if isinstance(data, Passage):
            given = Given(data.ids.tolist(), data.counted, self._decoder.decode(data.ids.tolist()))
            return self._arrays(given.ids, 0), given
        text = text_of(data).rstrip("\n")
        ids = self._encoder(text).ids.tolist()
        if len(ids) + self.most > self.room:
            raise DataError(
                f"a text of {len(ids)} tokens, and {self.most} that are to be written: there is room for {self.room} "
                "together. Give a shorter text, a smaller --max_new_tokens, or a larger --input_size where the network "
                "has positions for more."
            )
        return self._arrays(ids, self.most), Given(ids, 1, text)

    def _arrays(self, ids: list[int], most: int) -> tuple[np.ndarray, ...]:
        tensors, heads, size = self.cache
        nothing = np.zeros((tensors, heads, 0, size), np.float32)
        return np.array(ids, np.int64), np.zeros(0, np.int64), nothing, np.array([len(ids), most], np.int64)

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        """What is written, int64 [N, tokens], and of each token that was given the logarithm of its probability,
        float32 [N, length], 0 for the first one."""
        ids, seen, cache, counts = arrays
        (network,) = parts.values()
        reading = Continuing(network, seen, cache)
        last, likely = _read(reading, ids, counts[:, 0])
        rows = np.flatnonzero(counts[:, 1])
        made = np.full((len(ids), 0), self.end, np.int64)
        if len(rows):
            search = Search(0, self.end, self.end, int(counts[rows, 1].max()) + 1, beams=self.beams, ends=False)
            texts = [ids[row, : counts[row, 0]].tolist() for row in rows]
            choose = Draws(self.sampling, texts) if self.sampling else None
            told = self._telling(texts[0], self.told) if self.told and len(rows) == 1 else None
            written = search(reading.begin(rows, self.beams, last), len(rows), choose, told)[:, 1:]
            made = np.full((len(ids), written.shape[1]), self.end, np.int64)
            made[rows] = written
        return [made, likely]

    def _telling(self, prompt: list[int], tell: Callable[[str], None]) -> Callable[[np.ndarray], None]:
        """Tells the prompt now, and each piece behind it as it comes; half a character waits for the other half."""
        shown = ""

        def told(tokens: np.ndarray) -> None:
            nonlocal shown
            text = self._continued(prompt, until(tokens[0], self.end))
            if not text.endswith("\ufffd"):
                tell(text[len(shown) :])
                shown = text

        tell(self._decoder.decode(prompt))
        return told

    def _continued(self, prompt: list[int], made: list[int]) -> str:
        """The text of tokens that stand behind others: spaces between words hang on both."""
        before, whole = self._decoder.decode(prompt), self._decoder.decode([*prompt, *made])
        return whole[len(before) :] if whole.startswith(before) else self._decoder.decode(made)

    def postprocess(self, outputs: list[np.ndarray], metas: list[Given]) -> list[Written]:
        found = []
        for tokens, likely, meta in zip(*outputs, metas, strict=True):
            made = until(np.concatenate([[0], tokens]), self.end)
            nats = -float(likely[meta.counted : len(meta.ids)].sum(dtype=np.float64))
            counted = len(meta.ids) - meta.counted
            text = self._continued(meta.ids, made) if made else ""
            found.append(Written(meta.text, text, len(meta.ids), len(made), nats, counted))
        return found

    def writing(
        self,
        max_new_tokens: int | None = None,
        beams: int | None = None,
        temperature: float | None = None,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
        told: Callable[[str], None] | None = None,
    ) -> TextGeneration:
        drawn = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
        asked = {name: value for name, value in drawn.items() if value is not None}
        if asked and (beams or self.beams) > 1:
            raise DataError(
                f"--beams looks for the likeliest text, and --{next(iter(asked))} draws one: give one of them."
            )
        sampling = Sampling(**asked) if asked else self.sampling  # type: ignore[arg-type]
        return replace(
            self, most=max_new_tokens or self.most, beams=beams or self.beams, sampling=sampling, told=told or self.told
        )

    def dataset(self, root: Path) -> Sequence[Sample]:
        def encode(text: str) -> Encoded:
            found = self._encoder.encoding(text)
            return Encoded(np.array(found.ids, np.int64), [end for _, end in found.offsets])

        return Passages(root, encode, self.room)

    def length(self, data: Any) -> int:
        return len(data.ids) if isinstance(data, Passage) else self._encoder.length(text_of(data))

    def metric(self) -> Perplexity:
        return Perplexity()

    def agreement(self, one: Written, other: Written) -> bool:
        return one.text == other.text and abs(one.nats - other.nats) <= _ALIKE * max(one.counted, 1)

    def describe(self, prediction: Written, topk: int) -> str:
        if prediction.made:
            return prediction.prompt + prediction.text
        return f"perplexity {prediction.perplexity:.4f} of {prediction.counted} tokens; nothing is written"

    def to_json(self, prediction: Written) -> dict[str, Any]:
        known = {"prompt": prediction.prompt, "text": prediction.text, "tokens": prediction.tokens}
        likely = prediction.perplexity if prediction.counted else None
        return known | {"new_tokens": prediction.made, "perplexity_of_prompt": likely}

    def draw(self, data: Any, prediction: Written) -> Any:
        from utils.draw.translation import draw_translation

        return draw_translation(prediction.prompt, prediction.text, ("what is given", "how it goes on"))

    def adapted(self, size: int | None, topk: int) -> TextGeneration:
        return replace(self, max_length=at_most(size, self.longest)) if size else self


def _read(reading: Continuing, ids: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The logits behind the last token of each text, float [N, words]; and for each token the logarithm of its
    probability, float32 [N, length]."""
    last: np.ndarray | None = None
    likely = np.zeros(ids.shape, np.float32)
    rows = np.arange(len(ids))
    for start, logits in reading.read(ids, counts):
        ends = (counts > start) & (counts <= start + logits.shape[1])
        last = np.zeros_like(logits[:, 0]) if last is None else last
        last[ends] = logits[rows[ends], counts[ends] - 1 - start]
        wanted = ids[:, start + 1 : start + 1 + logits.shape[1]]
        likely[:, start + 1 : start + 1 + wanted.shape[1]] = _logarithms(logits[:, : wanted.shape[1]], wanted)
    likely[np.arange(ids.shape[1]) >= counts[:, None]] = 0
    assert last is not None  # noqa: S101 - a text has a token
    return last, likely


def _logarithms(logits: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """The logarithm of the probability of `tokens` [N, length] by logits [N, length, words], float32."""
    shifted = logits.astype(np.float32)
    shifted -= shifted.max(axis=2, keepdims=True)
    chosen = np.take_along_axis(shifted, tokens[..., None], axis=2)[..., 0]
    return chosen - np.log(np.exp(shifted).sum(axis=2))
