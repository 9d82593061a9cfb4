"""Anchor boxes, and boxes that a network describes as offsets from others. numpy only.

A box is (left, top, right, bottom) in pixels of the input, float32. The order of anchors, and every rounding, is that
of torchvision.models.detection.
"""

from collections.abc import Sequence

import numpy as np

# The largest logarithm of a ratio of sizes: a box grows by 1000 / 16 at most.
LARGEST_RATIO = float(np.log(1000 / 16))


def cell_anchors(sizes: Sequence[float], ratios: Sequence[float]) -> np.ndarray:
    """The anchors around the point (0, 0): float32 [ratios * sizes, 4], ratio by ratio, in whole pixels.

    Args:
        sizes: square roots of their areas, in pixels.
        ratios: height over width.
    """
    heights = np.sqrt(np.asarray(ratios, np.float32))
    scales = np.asarray(sizes, np.float32)
    high = (heights[:, None] * scales[None]).ravel()
    wide = ((1 / heights)[:, None] * scales[None]).ravel()
    return np.rint(np.stack([-wide, -high, wide, high], axis=1) / 2)


def grid_anchors(cell: np.ndarray, rows: int, columns: int, strides: tuple[int, int]) -> np.ndarray:
    """The anchors of a map: float32 [rows * columns * A, 4]; row by row, and all those of a cell beside each other.

    Args:
        cell: as `cell_anchors` gives them, [A, 4].
        rows, columns: of the map.
        strides: pixels of the input from a cell to the next, down and to the right.
    """
    down, right = np.meshgrid(
        np.arange(rows, dtype=np.float32) * strides[0], np.arange(columns, dtype=np.float32) * strides[1], indexing="ij"
    )
    shifts = np.stack([right.ravel(), down.ravel()] * 2, axis=1)
    return (shifts[:, None] + cell[None]).reshape(-1, 4)


def decoded(deltas: np.ndarray, boxes: np.ndarray, weights: tuple[float, float, float, float]) -> np.ndarray:
    """Offsets from boxes to boxes.

    Args:
        deltas: float32 [N, K, 4]: offset of the centre in widths and heights, logarithms of the ratios of sizes; each
            times its weight.
        boxes: float32 [N, 4], which they are relative to.
        weights: by which the network's numbers are larger.

    Returns:
        float32 [N, K, 4].
    """
    sizes = (boxes[:, 2:] - boxes[:, :2])[:, None]
    centres = boxes[:, None, :2] + np.float32(0.5) * sizes
    offsets = deltas / np.asarray(weights, np.float32)
    middle = offsets[..., :2] * sizes + centres
    half = np.float32(0.5) * (np.exp(np.minimum(offsets[..., 2:], np.float32(LARGEST_RATIO))) * sizes)
    return np.concatenate([middle - half, middle + half], axis=-1)


def clipped(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Boxes [..., 4] cut at the edges of a picture of `size`, (height, width) in pixels."""
    height, width = size
    return np.clip(boxes, np.float32(0), np.array([width, height, width, height], np.float32))
