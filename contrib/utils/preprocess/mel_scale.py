"""The mel scale, and the filters that sum a spectrum over its bands."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from zoo_core.errors import DataError


@lru_cache(maxsize=32)
def mel_filters(
    rate: int, size: int, bands: int, low: float, high: float, htk: bool = True, area: bool = True
) -> np.ndarray:
    """Triangular filters whose corners lie evenly on the mel scale (librosa.filters.mel).

    Returns:
        float32 [bands, size // 2 + 1]: what each band takes of each bin of a Fourier transform of `size`; read-only.

    Raises:
        DataError: high is not above low, or above half the rate.
    """
    if not 0 <= low < high <= rate / 2:
        raise DataError(
            f"mel bands from {low:g} to {high:g} Hz: expected 0 <= low < high <= {rate / 2:g} (half the rate)."
        )
    corners = mel_to_hertz(np.linspace(hertz_to_mel(low, htk), hertz_to_mel(high, htk), bands + 2), htk)
    bins = np.fft.rfftfreq(size, 1 / rate)
    widths = np.diff(corners)
    slopes = corners[:, None] - bins
    rising, falling = -slopes[:-2] / widths[:-1, None], slopes[2:] / widths[1:, None]
    filters = np.maximum(0, np.minimum(rising, falling))
    if area:
        filters *= (2 / (corners[2:] - corners[:-2]))[:, None]
    filters = filters.astype(np.float32)
    filters.flags.writeable = False
    return filters


# Slaney's scale (Auditory Toolbox): linear up to 1,000 Hz, which is mel 15, then 27 steps for each factor of 6.4.
_STEP, _BREAK, _LOG_STEP = 200 / 3, 1000.0, np.log(6.4) / 27


def hertz_to_mel(hertz: float | np.ndarray, htk: bool) -> Any:
    """The mel scale of HTK or of Slaney's Auditory Toolbox."""
    hertz = np.asarray(hertz, np.float64)
    if htk:
        return 2595 * np.log10(1 + hertz / 700)
    return np.where(
        hertz < _BREAK, hertz / _STEP, _BREAK / _STEP + np.log(np.maximum(hertz, _BREAK) / _BREAK) / _LOG_STEP
    )


def mel_to_hertz(mel: np.ndarray, htk: bool) -> np.ndarray:
    """The inverse of `hertz_to_mel`."""
    if htk:
        return 700 * (10 ** (mel / 2595) - 1)
    return np.where(mel < _BREAK / _STEP, mel * _STEP, _BREAK * np.exp(_LOG_STEP * (mel - _BREAK / _STEP)))
