"""Keyword spotting: a recording of about a second in, a ranking of words out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.sample import Sample
from utils.datasets.speech_commands import SILENCE, UNKNOWN, SpeechCommands
from utils.metrics.classification import TopKAccuracy
from utils.postprocess.pytorch.classification import Ranking, TopK
from utils.preprocess.audio import AUDIO_SUFFIXES, Mfcc, decibels, load_audio
from zoo.tasks.ranked import RankedTask


@dataclass(frozen=True)
class KeywordSpotting(RankedTask):
    """words: those that count; the classes are silence, unknown word, and these, in this order. features: what the
    network takes of a recording, [1, frames, coefficients]. seconds: how much of a recording it takes. keep: how many
    classes a prediction holds. topk: it is right when the true class is among so many."""

    words: tuple[str, ...]
    features: Mfcc
    seconds: float = 1.0
    keep: int = 5
    topk: int = 1

    suffixes = AUDIO_SUFFIXES
    data_name = "recording"

    @property
    def labels(self) -> tuple[str, ...]:
        return (SILENCE, UNKNOWN, *self.words)

    @cached_property
    def _top(self) -> TopK:
        return TopK(self.labels, k=min(self.keep, len(self.labels)))

    @property
    def window(self) -> float:  # type: ignore[override]
        return self.seconds

    @property
    def source_identity(self) -> str:
        return f"soundfile, scipy resample_poly to {self._rate} Hz, {self.features.source_identity()}"

    @property
    def _rate(self) -> int:
        return self.features.mel.rate

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        found = self.features(load_audio(data, self._rate, self.seconds))[None]
        if out is None:
            return (found,), None
        np.copyto(out[0], found, casting="same_kind")
        return out, None

    def dataset(self, root: Path) -> Sequence[Sample]:
        return SpeechCommands(root, self.words)

    def metric(self) -> TopKAccuracy:
        return TopKAccuracy(len(self.labels), self.topk)

    def draw(self, data: Any, prediction: Ranking) -> Any:
        from utils.draw.audio import draw_keyword

        samples = load_audio(data, self._rate, self.seconds)
        bands = decibels(self.features.mel(samples))
        return draw_keyword(samples, self._rate, bands, prediction, self.labels)

    def adapted(self, size: int | None, topk: int) -> KeywordSpotting:
        return replace(self, keep=max(self.keep, topk), topk=topk)
