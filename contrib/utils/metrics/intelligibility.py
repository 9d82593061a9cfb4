"""How well speech in noise is understood: STOI, short-time objective intelligibility.

Taal et al., An Algorithm for Intelligibility Prediction of Time-Frequency Weighted Noisy Speech, 2011: how alike the
loudness of fifteen bands runs over 0.4 s in the clean recording and in the other one, on average.
"""

from __future__ import annotations

import itertools

import numpy as np

RATE = 10_000
_FRAME, _HOP, _SIZE = 256, 128, 512  # samples of a frame, between frames, and of the Fourier transform
_BANDS, _LOWEST = 15, 150.0  # thirds of an octave; the middle of the first one, in hertz
_SEGMENT = 30  # frames
_SILENT = 40.0  # decibels below the loudest frame
_CLIPPED = 1 + 10 ** (15 / 20)  # what a band may be above the clean one, 15 dB below it as distortion


def stoi(samples: np.ndarray, clean: np.ndarray, rate: int) -> float | None:
    """From 0 (nothing is understood) to 1, a little below 0 too; None where less than 0.4 s of speech is there.

    Args:
        samples: float [samples], what is listened to.
        clean: the same speech without noise, as long and not silent.
        rate: of both, in hertz.
    """
    from scipy.signal import resample_poly

    factor = np.gcd(rate, RATE)
    pair = [
        resample_poly(one.astype(np.float64), RATE // factor, rate // factor) if rate != RATE else one
        for one in (clean, samples)
    ]
    frames = _without_silence(*(_framed(one) for one in pair))
    bands = [_bands(_framed(_added(one))) for one in frames]
    if len(bands[0]) < _SEGMENT:
        return None
    windows = [np.lib.stride_tricks.sliding_window_view(one, _SEGMENT, axis=0) for one in bands]
    return float(_likeness(*windows).mean())


def _window() -> np.ndarray:
    return np.hanning(_FRAME + 2)[1:-1]


def _framed(samples: np.ndarray) -> np.ndarray:
    """Windowed frames, [frames, 256]; what is left behind the last whole one is not looked at."""
    if len(samples) <= _FRAME:
        return np.zeros((0, _FRAME))
    starts = range(0, len(samples) - _FRAME, _HOP)
    return np.stack([samples[start : start + _FRAME] for start in starts]) * _window()


def _without_silence(clean: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The frames in which the clean recording is no more than 40 dB below its loudest one."""
    if not len(clean):
        return clean, other
    loudness = 20 * np.log10(np.linalg.norm(clean, axis=1) + np.finfo(float).eps)
    kept = loudness > loudness.max() - _SILENT
    return clean[kept], other[kept]


def _added(frames: np.ndarray) -> np.ndarray:
    """Overlapping frames put together again."""
    found = np.zeros(_HOP * (len(frames) + 1) if len(frames) else 0)
    for number, frame in enumerate(frames):
        found[number * _HOP : number * _HOP + _FRAME] += frame
    return found


def _bands(frames: np.ndarray) -> np.ndarray:
    """Magnitudes of the fifteen bands of each frame, [frames, 15]."""
    power = np.square(np.abs(np.fft.rfft(frames, _SIZE)))
    hertz = np.arange(_SIZE // 2 + 1) * RATE / _SIZE
    edges = [_LOWEST * 2 ** ((2 * number - 1) / 6) for number in range(_BANDS + 1)]
    bins = [int(np.argmin(np.square(hertz - edge))) for edge in edges]
    return np.sqrt(np.stack([power[:, low:high].sum(1) for low, high in itertools.pairwise(bins)], 1))


def _likeness(clean: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Correlations, [segments, 15], of [segments, 15, 30], the other one as loud as the clean one, and clipped."""
    tiny = np.finfo(float).eps
    scaled = (
        other * np.linalg.norm(clean, axis=2, keepdims=True) / (np.linalg.norm(other, axis=2, keepdims=True) + tiny)
    )
    pair = [clean, np.minimum(scaled, clean * _CLIPPED)]
    pair = [one - one.mean(2, keepdims=True) for one in pair]
    pair = [one / (np.linalg.norm(one, axis=2, keepdims=True) + tiny) for one in pair]
    return np.asarray((pair[0] * pair[1]).sum(2))
