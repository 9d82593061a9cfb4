"""Audio tagging: a recording in, the probability of each of several tags out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.music_tags import MusicTags
from utils.datasets.sample import Sample
from utils.metrics.tagging import TagAuc
from utils.postprocess.pytorch.classification import Ranking
from utils.preprocess.audio import AUDIO_SUFFIXES, MelSpectrogram, decibels, load_audio
from zoo.task import Task
from zoo_core.errors import DataError

_TIE = 0.02  # between probabilities of two runtimes


@dataclass(frozen=True, eq=False)
class Tags:
    """scores: float32 [tags], the probability of each, 0 to 1."""

    scores: np.ndarray

    def order(self) -> np.ndarray:
        """Places of the tags, the most probable first."""
        return np.argsort(-self.scores, kind="stable")


@dataclass(frozen=True)
class AudioTagging(Task):
    """The input is the loudness of mel bands in decibels, [1, bands, frames]; the output a logit for each tag.

    tags: their names. mel: the bands. seconds: how much of a recording is taken, from its middle; silence is put behind
    a shorter one.
    """

    tags: tuple[str, ...]
    mel: MelSpectrogram
    seconds: float
    suffixes: tuple[str, ...] = (*AUDIO_SUFFIXES, ".ogg", ".mp3")
    data_name: str = "recording"

    @property
    def window(self) -> float:  # type: ignore[override]
        return self.seconds

    @property
    def source_identity(self) -> str:
        mel = self.mel
        return (
            f"soundfile, scipy resample_poly to {mel.rate} Hz, {self.seconds:g} s, {mel.bands} mel bands in decibels, "
            f"frames of {mel.frame} every {mel.hop} samples"
        )

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        """From `data`, the Path of a recording."""
        found = self._bands(load_audio(data, self.mel.rate, self.seconds)).T[None]
        if out is None:
            return (np.ascontiguousarray(found),), None
        np.copyto(out[0], found, casting="same_kind")
        return out, None

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[Tags]:
        logits = np.asarray(outputs[0], np.float32)
        if logits.shape != (len(metas), len(self.tags)):
            raise DataError(
                f"the network gave an output of {list(logits.shape)}, expected [{len(metas)}, {len(self.tags)} tags]. "
                "Is this the checkpoint of another model?"
            )
        if not np.isfinite(logits).all():
            raise DataError("the network gave NaN or infinity. In float16 this is often an overflow: try float32.")
        return [Tags(row) for row in 1 / (1 + np.exp(-np.clip(logits, -80, None)))]

    def dataset(self, root: Path) -> Sequence[Sample]:
        return MusicTags(root, self.tags)

    def metric(self) -> TagAuc:
        return TagAuc(self.tags)

    def agreement(self, one: Tags, other: Tags) -> bool:
        return bool((np.abs(one.scores - other.scores) <= _TIE).all())

    def describe(self, prediction: Tags, topk: int) -> str:
        best = prediction.order()[:topk]
        return ", ".join(f"{self.tags[place]} ({prediction.scores[place]:.3f})" for place in best)

    def to_json(self, prediction: Tags) -> dict[str, Any]:
        return {"tags": {self.tags[place]: float(prediction.scores[place]) for place in prediction.order()}}

    def draw(self, data: Any, prediction: Tags) -> Any:
        from utils.draw.audio import draw_keyword

        samples = load_audio(data, self.mel.rate, self.seconds)
        order = prediction.order()
        ranking = Ranking(tuple(order.tolist()), tuple(prediction.scores[order].tolist()))
        return draw_keyword(samples, self.mel.rate, self._bands(samples), ranking, self.tags)

    def _bands(self, samples: np.ndarray) -> np.ndarray:
        """float32 [frames, bands], in decibels below the loudest."""
        found = decibels(self.mel(samples))
        return found - found.max()
