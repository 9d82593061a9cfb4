"""Speech recognition by CTC: a recording in, letters out; the network hears the samples themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.libri_speech import Transcribed
from utils.datasets.sample import Sample
from utils.metrics.speech_recognition import WordErrors
from utils.postprocess.ctc import greedy
from utils.postprocess.pytorch.classification import softmax
from utils.preprocess.audio import AUDIO_SUFFIXES, load_start
from zoo.task import Task
from zoo.tasks.speech_recognition import Transcript
from zoo_core.errors import DataError

RATE, SECONDS = 16_000, 30.0
LEAST = 400  # samples that the network's first step hears
_SPACE = "|"
_TIE = 0.005  # between probabilities of two runtimes


@dataclass(frozen=True, eq=False)
class Spelled(Transcript):
    """scores: float32 [steps, letters], the probability of each letter at each step."""

    scores: np.ndarray


@dataclass(frozen=True)
class CtcSpeech(Task):
    """The input is a recording, float32 [samples] at 16 kHz, with mean 0 and deviation 1; the output logits, float32
    [N, steps, letters]. A network that was trained without a mask hears what fills up, so that each recording is a
    batch of its own.

    letters: what the classes mean, in their order; the first is CTC's blank, "|" the space between words, and what has
    more than one character is nothing that is written. most: samples of a recording (--input_size).
    """

    letters: tuple[str, ...]
    most: int | None = None
    suffixes: tuple[str, ...] = AUDIO_SUFFIXES
    window: float | None = SECONDS
    data_name: str = "recording"
    one_by_one: bool = True

    @property
    def source_identity(self) -> str:
        return f"soundfile, scipy resample_poly to {RATE} Hz, mean 0 and deviation 1, {len(self.letters)} letters"

    def preprocess(
        self, data: Any, out: tuple[np.ndarray, ...] | None = None
    ) -> tuple[tuple[np.ndarray, ...], tuple[float, float]]:
        """From `data`, the Path of a recording; meta: the seconds that are used, and those of the whole."""
        samples, whole = load_start(data, RATE, SECONDS)
        wanted = self.most or LEAST
        if len(samples) < wanted:
            raise DataError(f"{data}: {len(samples)} samples at {RATE} Hz; at least {wanted} are taken.")
        samples = samples[: self.most]
        middle, spread = samples.mean(dtype=np.float64), samples.var(dtype=np.float64)
        found = ((samples - middle) / np.sqrt(spread + 1e-7)).astype(np.float32)
        return (found,), (len(samples) / RATE, whole)

    def postprocess(self, outputs: list[np.ndarray], metas: list[tuple[float, float]]) -> list[Spelled]:
        logits = np.asarray(outputs[0], np.float32)
        if logits.ndim != 3 or logits.shape[2] != len(self.letters):
            raise DataError(
                f"the network gave an output of {list(logits.shape)}, expected [N, steps, {len(self.letters)}]. Is "
                "this the checkpoint of another model?"
            )
        found = greedy(logits, [logits.shape[1]] * len(logits))
        texts = [self._text(path) for path, _ in found]
        return [Spelled(text, *meta, row) for text, meta, row in zip(texts, metas, softmax(logits), strict=True)]

    def dataset(self, root: Path) -> Sequence[Sample]:
        return Transcribed(root)

    def metric(self) -> WordErrors:
        return WordErrors()

    def agreement(self, one: Spelled, other: Spelled) -> bool:
        """Whether each step has the same letter, or two that are as probable as each other but for rounding."""
        if one.scores.shape != other.scores.shape:
            return False
        mine, theirs = one.scores.argmax(axis=1), other.scores.argmax(axis=1)
        steps = np.flatnonzero(mine != theirs)
        mine, theirs = mine[steps], theirs[steps]
        apart = (np.abs(side.scores[steps, mine] - side.scores[steps, theirs]) for side in (one, other))
        return all(bool((each <= _TIE).all()) for each in apart)

    def describe(self, prediction: Transcript, topk: int) -> str:
        return prediction.text or "(nothing)"

    def to_json(self, prediction: Transcript) -> dict[str, Any]:
        return {"text": prediction.text, "seconds": prediction.seconds, "seconds_in_recording": prediction.total}

    def draw(self, data: Any, prediction: Transcript) -> Any:
        from utils.draw.audio import draw_transcript

        samples, _ = load_start(data, RATE, SECONDS)
        return draw_transcript(samples, RATE, prediction.text or "(nothing)")

    def adapted(self, size: int | None, topk: int) -> CtcSpeech:
        return replace(self, most=size) if size else self

    def _text(self, path: list[int]) -> str:
        letters = (self.letters[index] for index in path)
        return "".join(" " if one == _SPACE else one for one in letters if len(one) == 1).strip()
