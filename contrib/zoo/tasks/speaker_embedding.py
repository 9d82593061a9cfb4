"""Speaker embedding: a recording in, a vector of length 1 out; the cosine of two says whether one person speaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.sample import Sample
from utils.datasets.speakers import Speakers
from utils.metrics.similarity import cosine
from utils.metrics.verification import EqualErrorRate
from utils.preprocess.audio import AUDIO_SUFFIXES, load_start
from utils.preprocess.speaker import RATE, pieces, speaker_features
from zoo.task import Task
from zoo_core.errors import DataError, UnreadableError

# Two embeddings of a recording agree at this cosine: an angle of 0.8 degrees.
AGREEMENT = 0.9999
SECONDS = 60.0  # of a recording that are used
_SHOWN = 4
_FEW = 5  # recordings that are compared with each other


@dataclass(frozen=True)
class Voice:
    """vector: float32 [D], of length 1. seconds: how much of the recording was used."""

    vector: np.ndarray
    seconds: float


@dataclass(frozen=True)
class SpeakerEmbedding(Task):
    """The inputs are pieces of a recording, [N, pieces, 160, 40], and which of them there are, [N, pieces]: 1 or 0."""

    suffixes: tuple[str, ...] = AUDIO_SUFFIXES
    data_name: str = "recording"
    padding: tuple[float, ...] | None = (0.0, 0.0)

    @property
    def source_identity(self) -> str:
        return f"soundfile, scipy resample_poly to {RATE} Hz, pieces of 1.6 s as mel power, at most {SECONDS:g} s"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], float]:
        """From `data`, the Path of a recording, to its pieces; meta: the seconds that are used."""
        samples, _ = load_start(data, RATE, SECONDS)
        if not samples.any():
            raise UnreadableError(f"{data}: this recording is silent; there is no voice in it.")
        found = speaker_features(samples)
        return (found, np.ones(len(found), np.float32)), len(samples) / RATE

    def postprocess(self, outputs: list[np.ndarray], metas: list[float]) -> list[Voice]:
        """From embeddings [N, D] to N of them; DataError on NaN or infinity."""
        vectors = np.asarray(outputs[0], np.float32)
        if not np.isfinite(vectors).all():
            raise DataError("the network gave NaN or infinity. In float16 this is often an overflow: try float32.")
        return [Voice(vector, meta) for vector, meta in zip(vectors, metas, strict=True)]

    def dataset(self, root: Path) -> Sequence[Sample]:
        return Speakers(root)

    def length(self, data: Any) -> int:
        import soundfile

        try:
            seconds = min(float(soundfile.info(str(data)).duration), SECONDS)
        except (soundfile.SoundFileError, RuntimeError) as error:
            raise UnreadableError(f"{data}: this is no recording, or it is damaged.") from error
        return len(pieces(int(seconds * RATE)))

    def metric(self) -> EqualErrorRate:
        return EqualErrorRate()

    def agreement(self, one: Voice, other: Voice) -> bool:
        return cosine(one.vector, other.vector) >= AGREEMENT

    def describe(self, prediction: Voice, topk: int) -> str:
        """The first numbers; `topk` or four of them, whichever is more."""
        numbers = ", ".join(f"{value:.4f}" for value in prediction.vector[: max(topk, _SHOWN)])
        return f"[{numbers}, …] of {len(prediction.vector)}"

    def compare(self, found: Sequence[tuple[str, Voice]]) -> list[str]:
        """The cosine of each two of a few recordings."""
        pairs = combinations(found, 2) if len(found) <= _FEW else ()
        return [f"cosine of {a} and {b}: {cosine(one.vector, other.vector):.4f}" for (a, one), (b, other) in pairs]

    def to_json(self, prediction: Voice) -> dict[str, Any]:
        return {"embedding": prediction.vector.tolist(), "seconds": prediction.seconds}

    def draw(self, data: Any, prediction: Voice) -> Any:
        from utils.draw.audio import draw_voice

        samples, _ = load_start(data, RATE, SECONDS)
        return draw_voice(samples, RATE, prediction.vector)
