"""Speech recognition: a recording in, what was said out; an encoder, and a decoder that is called token by token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.libri_speech import Transcribed
from utils.datasets.sample import Sample
from utils.generation import Search, until
from utils.metrics.speech_recognition import WordErrors, plain_words
from utils.postprocess.byte_tokens import ByteVocabulary
from utils.preprocess.audio import AUDIO_SUFFIXES, load_start
from utils.preprocess.log_mel import RATE, SECONDS, log_mel
from zoo.task import Run, Task, as_list
from zoo.tasks.decoding import Decoding


@dataclass(frozen=True)
class Transcript:
    """text: what was heard. seconds: how much of the recording was listened to, of `total`."""

    text: str
    seconds: float
    total: float


@dataclass(frozen=True)
class SpeechRecognition(Task):
    """Two parts. The encoder takes log-mel features, [N, 80, 3000], and gives keys and values of cross-attention,
    [N, 2 * layers, heads, 1500, size]. A step of the decoder takes a token, [N], these, and those of its own that it
    gave before, [N, 2 * layers, heads, past, size]; it gives logits and its own keys and values of that token.

    vocabulary: what tokens mean. search: how they are chosen.
    """

    vocabulary: ByteVocabulary
    search: Search
    suffixes: tuple[str, ...] = AUDIO_SUFFIXES
    window: float | None = SECONDS
    data_name: str = "recording"

    @property
    def source_identity(self) -> str:
        return f"soundfile, scipy resample_poly to {RATE} Hz, log-mel of {SECONDS:g} s, {self.search}"

    def preprocess(
        self, data: Any, out: tuple[np.ndarray, ...] | None = None
    ) -> tuple[tuple[np.ndarray, ...], tuple[float, float]]:
        """From `data`, the Path of a recording, to its features; meta: seconds that are used, and of the whole."""
        samples, whole = load_start(data, RATE, SECONDS)
        found = log_mel(samples)
        meta = (len(samples) / RATE, whole)
        if out is None:
            return (found,), meta
        np.copyto(out[0], found, casting="same_kind")
        return out, meta

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        """The tokens of each recording, int64 [N, length]."""
        encode, step = parts.values()
        (memory,) = as_list(encode(arrays))
        return [self.search(Decoding(step, (), memory, self.search.beams), len(memory))]

    def postprocess(self, outputs: list[np.ndarray], metas: list[tuple[float, float]]) -> list[Transcript]:
        texts = (self.vocabulary.decode(until(row, self.search.end)).strip() for row in outputs[0])
        return [Transcript(text, *meta) for text, meta in zip(texts, metas, strict=True)]

    def dataset(self, root: Path) -> Sequence[Sample]:
        return Transcribed(root)

    def metric(self) -> WordErrors:
        return WordErrors()

    def agreement(self, one: Transcript, other: Transcript) -> bool:
        return plain_words(one.text) == plain_words(other.text)

    def describe(self, prediction: Transcript, topk: int) -> str:
        cut = f" (the first {prediction.seconds:g} of {prediction.total:.1f} s)"
        return (prediction.text or "(nothing)") + (cut if prediction.total > prediction.seconds + 1 / RATE else "")

    def to_json(self, prediction: Transcript) -> dict[str, Any]:
        return {"text": prediction.text, "seconds": prediction.seconds, "seconds_in_recording": prediction.total}

    def draw(self, data: Any, prediction: Transcript) -> Any:
        from utils.draw.audio import draw_transcript

        samples, _ = load_start(data, RATE, SECONDS)
        return draw_transcript(samples, RATE, prediction.text or "(nothing)")
