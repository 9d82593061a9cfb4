"""What detectors with anchors have in common behind their graphs: maps to rows, probabilities, boxes of the picture."""

import numpy as np

from utils.preprocess.pytorch.scaled import Scaled
from zoo_core.errors import DataError

EQUAL = (1.0, 1.0, 1.0, 1.0)  # weights of offsets


def scale_back(meta: Scaled) -> np.ndarray:
    """What a box in pixels of the input is multiplied by to be one of the picture's: float32 [4]."""
    (width, height), (rows, columns) = meta.size, meta.input
    across, down = np.float32(width) / np.float32(columns), np.float32(height) / np.float32(rows)
    return np.array([across, down, across, down], np.float32)


def strides_of(cells: tuple[int, ...], input_size: tuple[int, int]) -> tuple[int, int]:
    """Pixels of the input from a cell of a map to the next, down and to the right."""
    return input_size[0] // cells[0], input_size[1] // cells[1]


def rows_of(maps: np.ndarray, each: int) -> np.ndarray:
    """[N, A * each, H, W] to float32 [N, H * W * A, each]."""
    count, channels, height, width = maps.shape
    parted = maps.astype(np.float32, copy=False).reshape(count, channels // each, each, height, width)
    return parted.transpose(0, 3, 4, 1, 2).reshape(count, -1, each)


def sigmoid(values: np.ndarray) -> np.ndarray:
    """Logits, float32 of any shape, to probabilities."""
    return np.float32(1) / (np.float32(1) + np.exp(-np.clip(values, -80, 80)))


def softmax(values: np.ndarray) -> np.ndarray:
    """Logits, float32 [N, classes], to probabilities."""
    powers = np.exp(values - values.max(axis=1, keepdims=True, initial=-np.inf))
    return powers / powers.sum(axis=1, keepdims=True)


def require_finite(values: np.ndarray) -> None:
    """Raise DataError where there is NaN or infinity."""
    if not np.isfinite(values).all():
        raise DataError("the network gave NaN or infinity. In float16 this is often an overflow: try float32.")
