"""Speech enhancement: a noisy recording in, the speech in it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.noisy_speech import NoisySpeech
from utils.datasets.sample import Sample
from utils.metrics.enhancement import SpeechQuality, si_sdr
from utils.preprocess.audio import AUDIO_SUFFIXES
from utils.preprocess.recordings import load_recording
from utils.preprocess.stft import HOP, istft, stft
from zoo.task import Task
from zoo_core.errors import DataError

RATE = 16_000
# Two enhanced recordings agree at this ratio: a difference that nobody hears.
AGREEMENT_DB = 30.0
_LEAST = 1e-12  # below the root of a magnitude


@dataclass(frozen=True)
class Enhanced:
    """samples: float32 [samples] at `rate`. change: how much quieter than the noisy recording it is, in decibels."""

    samples: np.ndarray
    rate: int
    change: float

    def save(self, path: str | Path, format: str) -> None:
        """Write it as a sound file of 16 bits; what is beyond full scale is clipped."""
        import soundfile

        soundfile.write(str(path), np.clip(self.samples, -1, 1), self.rate, subtype="PCM_16", format=format)


@dataclass(frozen=True)
class Heard(Enhanced):
    """An enhanced recording, with the noisy one that it was made of: float32 [samples] at the same rate."""

    noisy: np.ndarray

    def picture(self) -> Any:
        """Both as waves and mel bands, one above the other, for pages that show pictures."""
        from utils.draw.audio import draw_enhanced

        return draw_enhanced(self.noisy, self.samples, self.rate)


@dataclass(frozen=True)
class SpeechEnhancement(Task):
    """The input is a spectrum, [N, 3, frames, 257]: magnitude, real and imaginary part; the output the clean one, [N,
    2, frames, 257]. A network that sees no frame behind the one that it computes may be given more of them."""

    suffixes: tuple[str, ...] = AUDIO_SUFFIXES
    data_name: str = "recording"
    picture_suffix: str = ".wav"
    padding: tuple[float, ...] | None = (0.0,)

    @property
    def source_identity(self) -> str:
        return f"soundfile, scipy resample_poly to {RATE} Hz, STFT 512/{HOP}, root of Hann's window"

    def preprocess(
        self, data: Any, out: tuple[np.ndarray, ...] | None = None
    ) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
        """From `data`, the Path of a recording, to its spectrum; meta: its samples at 16 kHz."""
        samples = load_recording(data, RATE)
        bins = stft(samples)
        power = np.square(bins.real) + np.square(bins.imag)
        return (np.stack([np.sqrt(power + np.float32(_LEAST)), bins.real, bins.imag]),), samples

    def postprocess(self, outputs: list[np.ndarray], metas: list[np.ndarray]) -> list[Enhanced]:
        """From spectra [N, 2, frames, 257] to N recordings as long as they were; DataError on NaN or infinity."""
        spectra = np.asarray(outputs[0], np.float32)
        if not np.isfinite(spectra).all():
            raise DataError("the network gave NaN or infinity. In float16 this is often an overflow: try float32.")
        return [_enhanced(spectrum, noisy) for spectrum, noisy in zip(spectra, metas, strict=True)]

    def dataset(self, root: Path) -> Sequence[Sample]:
        return NoisySpeech(root)

    def length(self, data: Any) -> int:
        samples = load_recording(data, RATE)
        return 1 + len(samples) // HOP

    def metric(self) -> SpeechQuality:
        return SpeechQuality()

    def agreement(self, one: Enhanced, other: Enhanced) -> bool:
        if len(one.samples) != len(other.samples):
            return False
        silent = not one.samples.any()
        return silent == (not other.samples.any()) and (silent or si_sdr(other.samples, one.samples) >= AGREEMENT_DB)

    def describe(self, prediction: Enhanced, topk: int) -> str:
        return f"{len(prediction.samples) / prediction.rate:.2f} s, {prediction.change:.1f} dB taken away"

    def to_json(self, prediction: Enhanced) -> dict[str, Any]:
        return {
            "seconds": len(prediction.samples) / prediction.rate,
            "rate": prediction.rate,
            "decibels_taken_away": prediction.change,
        }

    def draw(self, data: Any, prediction: Enhanced) -> Heard:
        """The enhanced recording itself, which is saved as sound."""
        return Heard(prediction.samples, prediction.rate, prediction.change, load_recording(data, RATE))


def _enhanced(spectrum: np.ndarray, noisy: np.ndarray) -> Enhanced:
    frames = 1 + max(len(noisy), HOP + 1) // HOP
    samples = istft(spectrum[0, :frames] + 1j * spectrum[1, :frames], len(noisy))
    before, after = (max(float(np.mean(np.square(one, dtype=np.float64))), _LEAST) for one in (noisy, samples))
    return Enhanced(samples, RATE, 10 * np.log10(before / after))
