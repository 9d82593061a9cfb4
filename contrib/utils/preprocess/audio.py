"""Reading recordings, and the features that speech networks take from them.

numpy alone computes the features. soundfile reads the files, scipy resamples those of another rate; both are imported
where they are needed.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from utils.preprocess.audio_notices import say_cancelled, say_cut, say_loud, say_shortened
from utils.preprocess.mel_scale import mel_filters
from utils.preprocess.wav_header import sound_source
from zoo_core.contents import instead
from zoo_core.errors import DataError, UnreadableError

AUDIO_SUFFIXES = (".wav", ".flac")
RATES = (1_000, 768_000)  # Hz; what is beyond is a damaged header

# What libsndfile notes of a WAV whose header promises more than the file holds; a recorder that writes to a pipe
# cannot know the length, and writes the largest number.
_CUT_OFF = re.compile(r"^data : (\d+) \(should be (\d+)\)", re.MULTILINE)
_UNKNOWN_LENGTH = 0x7FFFF000
_MOST_VALUES = 1 << 26  # of all channels together; 256 MB
_LOUDEST = float(1 << 31)  # samples of 32 bits that were not divided; beyond it, spectra overflow float32


@dataclass(frozen=True)
class Clip:
    """A piece of a longer recording.

    Attributes:
        path: the recording.
        at: where the piece begins: 0 at the start of the recording, 1 so that it ends where the recording ends.
        volume: what its samples are multiplied by.
    """

    path: Path
    at: float
    volume: float = 1.0


AudioSource = str | Path | Clip


def load_audio(source: AudioSource, rate: int = 16_000, seconds: float = 1.0) -> np.ndarray:
    """`seconds` of a recording as one channel at `rate`.

    A longer recording gives its middle (a `Clip` the piece that it names), a shorter one is filled with zeros at its
    end. Channels are averaged; another rate is resampled by a polyphase filter (scipy.signal.resample_poly).

    Args:
        source: path of a WAV or FLAC file of any rate, number of channels and sample format, or a piece of one.
        rate: samples a second of the result.
        seconds: length of the result.

    Returns:
        float32 [round(rate * seconds)], -1 to 1 for formats of whole numbers. Values of floating point beyond that are
        taken as they are, with a notice; so are channels that cancel each other, and the middle of a long recording.

    Raises:
        UnreadableError: missing, empty or damaged file, one that holds less than its header says, no audio file, no
            samples, or values that are not finite.
    """
    piece = source if isinstance(source, Clip) else Clip(Path(source), 0.5)
    samples, own, whole = read_piece(piece, seconds)
    if not isinstance(source, Clip):
        say_cut(piece.path, whole, seconds)
    samples = resampled(samples, own, rate)[: round(rate * seconds)]
    found = np.zeros(round(rate * seconds), np.float32)
    np.multiply(samples, np.float32(piece.volume), out=found[: len(samples)])
    return found


def load_start(source: str | Path, rate: int, seconds: float) -> tuple[np.ndarray, float]:
    """The beginning of a recording as one channel at `rate`, read as `load_audio` reads it, and nothing filled up.

    Args:
        source: path of a WAV or FLAC file.
        rate: samples a second of the result.
        seconds: the most that is used, with a notice where the recording is longer.

    Returns:
        (float32 [samples]; the seconds of the whole recording).

    Raises:
        UnreadableError: as for `load_audio`.
    """
    samples, own, whole = read_piece(Clip(Path(source), 0.0), seconds)
    say_shortened(Path(source), whole, seconds)
    return resampled(samples, own, rate)[: round(rate * seconds)], whole


def resampled(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """float32 samples of one channel at `wanted` samples a second instead of `rate`."""
    if rate == wanted:
        return samples
    from scipy.signal import resample_poly

    common = math.gcd(rate, wanted)
    return np.asarray(resample_poly(samples, wanted // common, rate // common), np.float32)


def read_piece(piece: Clip, seconds: float) -> tuple[np.ndarray, int, float]:
    """(the piece's samples, float32, channels averaged; their rate; seconds of the whole recording)."""
    import soundfile

    path = piece.path
    source = sound_source(path)
    try:
        with soundfile.SoundFile(source) as file:
            _require_usable(path, file)
            wanted = max(round(seconds * file.samplerate), 1)
            if file.frames > wanted:
                file.seek(int(piece.at * (file.frames - wanted)))
            frames = min(wanted, file.frames)
            if frames * file.channels > _MOST_VALUES:
                raise UnreadableError(f"{path}: {file.channels} channels of {frames} samples. Is the header damaged?")
            samples = file.read(frames, dtype="float32", always_2d=True)
            rate, subtype, whole = file.samplerate, file.subtype, file.frames
    except (soundfile.SoundFileError, RuntimeError) as error:
        said = str(getattr(error, "error_string", error)).rstrip(".")
        raise UnreadableError(
            f"{path}: this is no WAV or FLAC recording, or it is damaged ({said}).{instead(path)}"
        ) from error
    if len(samples) < frames:
        raise UnreadableError(f"{path}: the file ends after {len(samples)} of {frames} samples; it is incomplete.")
    if subtype in ("FLOAT", "DOUBLE"):
        _require_values(path, samples)
        say_loud(path, samples)
    mono = samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1, dtype=np.float32)
    say_cancelled(path, samples, mono)
    return mono, rate, whole / rate


def _require_usable(path: Path, file: Any) -> None:
    cut = _CUT_OFF.search(file.extra_info)
    if cut and int(cut[2]) < int(cut[1]) < _UNKNOWN_LENGTH:
        raise UnreadableError(f"{path}: the file is incomplete: {cut[2]} of {cut[1]} bytes of sound are there.")
    if file.frames == 0:
        raise UnreadableError(f"{path}: this recording holds no samples (a length of 0 seconds).")
    if not RATES[0] <= file.samplerate <= RATES[1]:
        raise UnreadableError(
            f"{path}: a rate of {file.samplerate} Hz; it must be from {RATES[0]} to {RATES[1]}. Is the header damaged?"
        )


def _require_values(path: Path, samples: np.ndarray) -> None:
    """Floating point holds what no recording has, and what makes NaN of the features of a whole batch."""
    if not np.isfinite(samples).all():
        raise UnreadableError(f"{path}: the recording holds values that are NaN or infinite.")
    loudest = float(np.abs(samples).max(initial=0))
    if loudest > _LOUDEST:
        raise UnreadableError(
            f"{path}: its values reach {loudest:.4g}, and full scale is 1: that is no sound. Is the file damaged, or "
            "of another byte order?"
        )


@dataclass(frozen=True)
class MelSpectrogram:
    """The power spectrum of overlapping frames, summed over bands of the mel scale.

    Equal to librosa.feature.melspectrogram with the same settings, transposed. A call takes float32 [samples] and gives
    float32 [frames, bands], not below 0.

    Attributes:
        rate: samples a second.
        frame, hop: samples of a frame (also the length of its Fourier transform) and between two frames.
        bands: number of mel bands, between `low` and `high` Hz.
        htk: HTK's mel scale (2595 log10(1 + f / 700)), else Slaney's.
        area: every band is scaled to the same area (librosa's norm="slaney").
        centred: half a frame of zeros is put before and behind, so that frame i is centred at i * hop; otherwise the
            frames are those that lie wholly inside.
        mirrored: where it is centred, what is put there is the recording itself, mirrored at its ends (librosa's
            pad_mode="reflect").
    """

    rate: int = 16_000
    frame: int = 640
    hop: int = 320
    bands: int = 40
    low: float = 20.0
    high: float = 4_000.0
    htk: bool = True
    area: bool = True
    centred: bool = False
    mirrored: bool = False

    @cached_property
    def _window(self) -> np.ndarray:
        """Hann's, periodic, as for spectra."""
        return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.frame) / self.frame)).astype(np.float32)

    @cached_property
    def _filters(self) -> tuple[slice, np.ndarray]:
        """(the bins that any band takes, what each band takes of them: [bins, bands])."""
        filters = mel_filters(self.rate, self.frame, self.bands, self.low, self.high, self.htk, self.area)
        used = np.flatnonzero(filters.any(axis=0))
        bins = slice(int(used[0]), int(used[-1]) + 1)
        return bins, np.ascontiguousarray(filters[:, bins].T)

    def frames(self, samples: int) -> int:
        """How many frames `samples` samples have."""
        return 1 + (samples - (0 if self.centred else self.frame)) // self.hop

    def windowed(self, samples: np.ndarray) -> np.ndarray:
        """The frames behind their window, [frames, frame]. Raises DataError for less than one frame."""
        if self.centred:
            samples = np.pad(samples, self.frame // 2, mode="reflect" if self.mirrored else "constant")
        if len(samples) < self.frame:
            raise DataError(f"a recording of {len(samples)} samples is shorter than one frame of {self.frame}.")
        return np.lib.stride_tricks.sliding_window_view(samples, self.frame)[:: self.hop] * self._window

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """Raises DataError for less than one frame."""
        bins, filters = self._filters
        spectrum = np.fft.rfft(self.windowed(samples), axis=1)[:, bins]
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        return np.asarray(power, np.float32) @ filters


@dataclass(frozen=True)
class Mfcc:
    """Mel-frequency cepstral coefficients: the cosine transform of the mel bands in decibels.

    Equal to librosa.feature.mfcc with the same settings (orthonormal DCT-II, power_to_db), transposed. A call takes
    float32 [samples] and gives float32 [frames, coefficients].

    Attributes:
        mel: the bands.
        coefficients: how many are kept, from the lowest.
        top_db: what lies more decibels below the loudest value is raised to that.
    """

    mel: MelSpectrogram = MelSpectrogram()
    coefficients: int = 10
    top_db: float = 80.0

    @cached_property
    def _cosines(self) -> np.ndarray:
        """[bands, coefficients]."""
        bands = self.mel.bands
        order, place = np.arange(self.coefficients), np.arange(bands)[:, None]
        cosines = np.cos(np.pi * order * (2 * place + 1) / (2 * bands)) * np.sqrt(2 / bands)
        cosines[:, 0] /= np.sqrt(2)
        return cosines.astype(np.float32)

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        return decibels(self.mel(samples), self.top_db) @ self._cosines

    def source_identity(self) -> str:
        """What is computed, in words, for reports."""
        mel = self.mel
        scale = "HTK" if mel.htk else "Slaney"
        return (
            f"{self.coefficients} MFCC of {mel.bands} {scale} mel bands {mel.low:g} to {mel.high:g} Hz, frames of "
            f"{mel.frame} every {mel.hop} samples at {mel.rate} Hz"
        )


def decibels(power: np.ndarray, top_db: float | None = 80.0, least: float = 1e-10) -> np.ndarray:
    """10 log10 of `power`, not below `least`, and not more than `top_db` below the largest (librosa.power_to_db)."""
    level = 10 * np.log10(np.maximum(power, np.float32(least)))
    return level if top_db is None else np.maximum(level, level.max() - np.float32(top_db))
