"""Pitch tracking: a recording of one voice in, its pitch in the course of time out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.sample import Sample
from utils.datasets.vocadito import pitches
from utils.metrics.pitch import RawPitch
from utils.postprocess.pitch import hertz_of
from utils.preprocess.recordings import load_recording
from utils.preprocess.windows import Windows
from zoo.task import Run, as_list
from zoo.tasks.windowed import WindowedTask

_ROWS = 256  # frames of a call
_SURE = 0.5  # activation of a frame whose pitch is told
_LEAST = 1e-10  # that the deviation of a frame is taken for


@dataclass(frozen=True)
class Pitch:
    """What was heard in a recording.

    Attributes:
        times: seconds of the frames' middles, [frames].
        hertz: [frames].
        activation: of the best bin, 0 to 1, [frames]: how sure it is.
    """

    times: np.ndarray
    hertz: np.ndarray
    activation: np.ndarray

    @property
    def sure(self) -> np.ndarray:
        """Of which frames the pitch is told, bool [frames]."""
        return self.activation >= _SURE


@dataclass(frozen=True)
class PitchTracking(WindowedTask):
    """A network that takes frames, [N, size], and gives the activation of 360 bins of pitch, [N, 360].

    rate: samples a second. windows: the frames; those of a recording are the rows of a few calls. Each is taken to mean
    0 and deviation 1.
    """

    rate: int
    windows: Windows

    @property
    def source_identity(self) -> str:
        return (
            f"soundfile, scipy resample_poly to {self.rate} Hz, frames of {self.windows.size} every "
            f"{self.windows.hop}, mean 0, deviation 1"
        )

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], int]:
        """((the frame in the middle, all samples with zeros around them), the number of frames)."""
        samples = load_recording(data, self.rate)
        sound = self.windows.padded(samples)
        frames = self.windows.all(sound[None])[0]
        return (normal(frames[len(frames) // 2][None])[0], sound), self.windows.count(len(samples))

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        """The activations, [N, frames, 360], of as many frames as the longest recording has."""
        (network,) = parts.values()
        return self.windows.run(lambda rows: as_list(network([normal(rows)])), arrays[1], _ROWS)

    def postprocess(self, outputs: list[np.ndarray], metas: list[int]) -> list[Pitch]:
        found = []
        for row, frames in zip(outputs[0], metas, strict=True):
            own = row[:frames].astype(np.float32)
            times = np.arange(frames) * self.windows.hop / self.rate
            found.append(Pitch(times, hertz_of(own), own.max(axis=1)))
        return found

    def dataset(self, root: Path) -> Sequence[Sample]:
        return pitches(root)

    def metric(self) -> RawPitch:
        return RawPitch()

    def agreement(self, one: Pitch, other: Pitch) -> bool:
        """Of the frames whose pitch is told, at most one in a hundred is more than 50 cents apart."""
        told = one.sure | other.sure
        apart = np.abs(1200 * np.log2(one.hertz[told] / other.hertz[told])) > 50
        return bool(apart.sum() <= 0.01 * told.sum())

    def describe(self, prediction: Pitch, topk: int) -> str:
        sure = prediction.hertz[prediction.sure]
        if not len(sure):
            return "no pitch"
        low, middle, high = np.percentile(sure, (5, 50, 95))
        seconds = len(sure) * self.windows.hop / self.rate
        return f"{middle:.1f} Hz in the middle, {low:.1f} to {high:.1f} Hz, over {seconds:.2f} s"

    def to_json(self, prediction: Pitch) -> dict[str, Any]:
        return {name: np.round(getattr(prediction, name), 4).tolist() for name in ("times", "hertz", "activation")}

    def draw(self, data: Any, prediction: Pitch) -> Any:
        from utils.draw.recording import draw_pitch

        samples = load_recording(data, self.rate)
        told = np.where(prediction.sure, prediction.hertz, np.nan)
        return draw_pitch(samples, len(samples) / self.rate, prediction.times, told)


def normal(frames: np.ndarray) -> np.ndarray:
    """Each row with mean 0 and deviation 1 (divided by one less than its length); what is silent stays near 0."""
    centred = frames - frames.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.maximum(centred.std(axis=1, ddof=1, keepdims=True), _LEAST), np.float32)
