"""Constant-Q spectra in decibels, as Basic Pitch's front end (nnAudio's CQT2010v2) defines them, in numpy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

_LEAST = 1e-10  # power that is added before the logarithm


@dataclass(frozen=True)
class ConstantQ:
    """Powers at evenly spaced pitches, in decibels, taken to 0 to 1 over a window.

    The octave on top is heard by kernels of a few hundred samples; each octave below by the same kernels on the sound
    at half the rate, and half the hop. A call takes float32 [samples] and gives float32 [frames, bins].

    Attributes:
        rate: samples a second.
        lowest: hertz of the lowest bin.
        octave: bins of an octave.
        bins: in all.
        size: samples of a kernel, a power of two.
        hop: samples between frames, a power of two.
    """

    rate: int = 22_050
    lowest: float = 27.5
    octave: int = 36
    bins: int = 309
    size: int = 256
    hop: int = 256

    @cached_property
    def _lengths(self) -> np.ndarray:
        """Samples that each bin looks at, at the full rate: a fixed number of periods."""
        periods = 1 / (2 ** (1 / self.octave) - 1)
        hertz = self.lowest * 2 ** (np.arange(self.bins) / self.octave)
        return np.ceil(periods * self.rate / hertz)

    @cached_property
    def _kernels(self) -> np.ndarray:
        """Of the octave on top: complex [size, octave], Hann's window times a wave, the sizes adding up to 1."""
        found = np.zeros((self.size, self.octave), np.complex128)
        for place in range(self.octave):
            number = self.bins - self.octave + place
            length = int(self._lengths[number])
            hertz = self.lowest * 2 ** (number / self.octave)
            time = np.arange(length) - (length + 1) // 2
            window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
            begin = (self.size - length + 1) // 2 - length % 2
            found[begin : begin + length, place] = window / window.sum() * np.exp(2j * np.pi * hertz / self.rate * time)
        return found.astype(np.complex64)

    @cached_property
    def _half(self) -> np.ndarray:
        """What keeps the lower half of the frequencies: float32 [256]."""
        from scipy.signal import firwin2

        return np.asarray(firwin2(256, [0, 0.5 / 1.001, 0.5 * 1.001, 1], [1, 1, 0, 0]), np.float32)

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        octaves: list[np.ndarray] = []
        hop = self.hop
        for _ in range(-(-self.bins // self.octave)):
            heard = np.pad(samples, self.size // 2, "reflect")
            octaves.insert(0, _windows(heard, self.size, hop) @ self._kernels)
            samples = _windows(np.pad(samples, 127), len(self._half), 2) @ self._half
            hop //= 2
        spectrum = np.concatenate(octaves, axis=1)[:, -self.bins :] * np.sqrt(self._lengths)
        level = 10 * np.log10(np.square(np.abs(spectrum)) + _LEAST)
        level -= level.min()
        most = level.max()
        return np.asarray(level / most if most else level, np.float32)


def _windows(samples: np.ndarray, size: int, hop: int) -> np.ndarray:
    return np.lib.stride_tricks.sliding_window_view(samples, size)[::hop]
