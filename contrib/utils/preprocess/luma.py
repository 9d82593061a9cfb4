"""Luma and colour apart: ITU-R BT.601 with luma from 16 to 235, as MATLAB's rgb2ycbcr gives it, without rounding."""

from __future__ import annotations

import numpy as np

LUMA = np.array([65.481, 128.553, 24.966]) / 255.0
_MATRIX = np.array([LUMA, np.array([-37.797, -74.203, 112.0]) / 255.0, np.array([112.0, -93.786, -18.214]) / 255.0])
_OFFSET = np.array([16.0, 128.0, 128.0])


def to_ycbcr(pixels: np.ndarray) -> np.ndarray:
    """RGB of any float dtype [height, width, 3], 0 to 255, to float32 planes [3, height, width]: luma, blue, red."""
    return np.ascontiguousarray((pixels @ _MATRIX.T + _OFFSET).transpose(2, 0, 1), np.float32)


def to_rgb(planes: np.ndarray) -> np.ndarray:
    """The inverse of `to_ycbcr`: planes [3, height, width] to float32 [height, width, 3]; nothing is clipped."""
    return np.asarray((planes.transpose(1, 2, 0) - _OFFSET) @ np.linalg.inv(_MATRIX).T, np.float32)
