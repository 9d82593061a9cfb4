"""The short-time Fourier transform and its inverse, with the square root of Hann's window. numpy only."""

from __future__ import annotations

import numpy as np

SIZE, HOP = 512, 256
BINS = SIZE // 2 + 1
# At half a window's hop, the squares of these windows add up to 1
_WINDOW = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(SIZE) / SIZE)).astype(np.float32)


def stft(samples: np.ndarray) -> np.ndarray:
    """complex64 [frames, 257] of float32 [samples]: frame i is centred at sample 256 i; the ends are mirrored.

    Equal to torch.stft with the same window and centre. A recording of less than 257 samples is filled up with zeros.
    """
    filled = np.pad(samples, (0, max(SIZE // 2 + 1 - len(samples), 0)))
    mirrored = np.pad(filled, SIZE // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(mirrored, SIZE)[::HOP]
    return np.asarray(np.fft.rfft(frames * _WINDOW, axis=1), np.complex64)


def istft(spectrum: np.ndarray, length: int) -> np.ndarray:
    """float32 [length], the samples behind complex [frames, 257]: the inverse of `stft`."""
    frames = np.fft.irfft(spectrum, n=SIZE, axis=1) * _WINDOW
    total = np.zeros(HOP * (len(frames) - 1) + SIZE, np.float64)
    weight = np.zeros_like(total)
    for place, frame in enumerate(frames):
        total[place * HOP : place * HOP + SIZE] += frame
        weight[place * HOP : place * HOP + SIZE] += np.square(_WINDOW)
    found = np.zeros(length, np.float32)
    middle = slice(SIZE // 2, min(SIZE // 2 + length, len(total)))
    # behind the last whole frame, one window alone fades out to nothing
    kept = total[middle] / np.maximum(weight[middle], 1e-8)
    found[: len(kept)] = kept
    return found
