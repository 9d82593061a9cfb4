"""Pitch out of CREPE's 360 bins of 20 cents, the first at 31.7 Hz."""

from __future__ import annotations

import numpy as np

BINS, CENTS = 360, 20.0
LOWEST = 1997.3794084376191  # cents above 10 Hz
_NEAR = 4  # bins on each side of the highest one


def hertz_of(activation: np.ndarray) -> np.ndarray:
    """The mean of the bins around the highest one, weighted by their activation, as the paper has it.

    Args:
        activation: float [frames, 360], 0 to 1.

    Returns:
        float64 [frames], in hertz.
    """
    best = activation.argmax(axis=1)
    places = best[:, None] + np.arange(-_NEAR, _NEAR + 1)
    inside = (places >= 0) & (places < BINS)
    weights = np.take_along_axis(activation, places.clip(0, BINS - 1), axis=1).astype(np.float64) * inside
    mean = (weights * places).sum(axis=1) / np.maximum(weights.sum(axis=1), np.finfo(np.float64).tiny)
    return np.asarray(10 * 2 ** ((LOWEST + CENTS * mean) / 1200))
