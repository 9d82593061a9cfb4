"""The cepstral coefficients of TensorFlow's own audio operators, which differ from librosa's in every step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from utils.preprocess.audio import Mfcc
from utils.preprocess.mel_scale import hertz_to_mel

_LEAST = 1e-12  # what the logarithm is taken of, at least


@dataclass(frozen=True)
class TensorFlowMfcc(Mfcc):
    """What TensorFlow's operators AudioSpectrogram (squared magnitudes) and Mfcc give one after the other.

    The transform is as long as the next power of two, filled with zeros. The bands sum magnitudes, not powers, and
    their sides are straight on the mel scale, not in hertz. They are taken to natural logarithms, and coefficient 0 is
    scaled like the others. A call takes float32 [samples] and gives float32 [frames, coefficients].

    Attributes:
        mel: rate, frame, hop, number and limits of the bands; what is drawn of a recording are these bands themselves.
    """

    @cached_property
    def _size(self) -> int:
        """Of the Fourier transform."""
        return 1 << (self.mel.frame - 1).bit_length()

    @cached_property
    def _bands(self) -> np.ndarray:
        """What each band takes of each bin: [bins, bands]."""
        low, high = (float(hertz_to_mel(limit, True)) for limit in (self.mel.low, self.mel.high))
        corners, step = np.linspace(low, high, self.mel.bands + 2, retstep=True)
        hertz = np.fft.rfftfreq(self._size, 1 / self.mel.rate)
        bins = hertz_to_mel(hertz, True)[:, None]
        found = np.maximum(0, np.minimum(bins - corners[:-2], corners[2:] - bins)) / step
        found[: int(1.5 + self.mel.low / hertz[1])] = 0  # the first bin that counts is rounded up once more
        return np.asarray(found)

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """Raises DataError for less than one frame."""
        return self.cepstrum(np.abs(np.fft.rfft(self.mel.windowed(samples), self._size, axis=1)))

    def cepstrum(self, magnitudes: np.ndarray) -> np.ndarray:
        """The coefficients of spectra: float [frames, bins] of magnitudes to float32 [frames, coefficients]."""
        coefficients = np.log(np.maximum(magnitudes @ self._bands, _LEAST)) @ self._cosines
        coefficients[:, 0] *= np.sqrt(2)
        return np.asarray(coefficients, np.float32)

    def source_identity(self) -> str:
        return f"TensorFlow's AudioSpectrogram and Mfcc, {super().source_identity()}"
