"""RoIAlign in numpy: regions of feature maps to cells of one size, equal to torchvision.ops.roi_align (not aligned).

Source: He et al., Mask R-CNN, 2017. The mean over the sampling points of a cell is a product of two weighted sums, one
over rows and one over columns, so that a region takes two small matrix products.
"""

from collections.abc import Sequence

import numpy as np

# A region of this size in pixels belongs to the map of this power of two (Lin et al., Feature Pyramid Networks, 2017).
CANONICAL_SIZE, CANONICAL_LEVEL = 224, 4
_EPSILON = np.float32(1e-6)


def roi_align(features: np.ndarray, boxes: np.ndarray, cells: int, samples: int) -> np.ndarray:
    """Pool regions of one map.

    Args:
        features: float32 [C, H, W].
        boxes: float32 [R, 4], (left, top, right, bottom) in cells of the map.
        cells: a region becomes cells x cells.
        samples: points along each side of a cell whose values are averaged.

    Returns:
        float32 [R, C, cells, cells].
    """
    last = np.ascontiguousarray(features.transpose(1, 2, 0))  # channels last: a region's columns are whole runs
    height, width, channels = last.shape
    pooled = np.empty((len(boxes), channels, cells, cells), np.float32)
    down, tops = _weights(boxes[:, 1], boxes[:, 3], height, cells, samples)
    right, lefts = _weights(boxes[:, 0], boxes[:, 2], width, cells, samples)
    for place, rows, top, columns, left in zip(pooled, down, tops, right, lefts, strict=True):
        high, wide = rows.shape[1], columns.shape[1]
        lines = rows @ last[top : top + high, left : left + wide].reshape(high, -1)
        place[...] = (columns @ lines.reshape(cells, wide, channels)).transpose(2, 0, 1)
    return pooled


def _weights(
    starts: np.ndarray, ends: np.ndarray, size: int, cells: int, samples: int
) -> tuple[list[np.ndarray], np.ndarray]:
    """What each line of the map contributes to each cell along one side: per box [cells, lines], and the first line."""
    step = np.maximum(ends - starts, np.float32(1)) / np.float32(cells)
    inner = (np.arange(samples, dtype=np.float32) + np.float32(0.5)) * (step[:, None] / np.float32(samples))
    places = (starts[:, None] + np.arange(cells, dtype=np.float32) * step[:, None])[..., None] + inner[:, None]
    outside = (places < -1) | (places > size)
    places = np.clip(places, 0, size - 1)
    firsts = np.floor(places.min(axis=(1, 2))).astype(np.int64)
    lasts = np.minimum(np.floor(places.max(axis=(1, 2))).astype(np.int64) + 1, size - 1)
    weights = []
    for number, (first, last) in enumerate(zip(firsts, lasts, strict=True)):
        lines = np.arange(first, last + 1, dtype=np.float32)
        near = np.maximum(np.float32(1) - np.abs(places[number][..., None] - lines), np.float32(0))
        near[outside[number]] = 0
        weights.append(near.mean(axis=1))
    return weights, firsts


def powers_of(maps: Sequence[np.ndarray], tallest: int) -> list[int]:
    """The resolution of each map [..., H, W], a power of two: -3 where a cell is 8 pixels wide.

    Args:
        tallest: height in the input of the tallest picture of the batch, without what it is filled up with.
    """
    return [int(np.rint(np.log2(np.float32(one.shape[-2] / tallest)))) for one in maps]


def pooled_regions(
    maps: Sequence[np.ndarray], boxes: np.ndarray, powers: Sequence[int], cells: int = 7, samples: int = 2
) -> np.ndarray:
    """Pool each region of a picture from the map of a pyramid that fits its size.

    Args:
        maps: the pyramid, finest first, any float [C, H, W] each.
        boxes: float32 [R, 4] in pixels of the input.
        powers: as `powers_of` gives them.

    Returns:
        float32 [R, C, cells, cells].
    """
    levels = level_of(boxes, -powers[0], -powers[-1])
    pooled = np.empty((len(boxes), len(maps[0]), cells, cells), np.float32)
    for level, (one, power) in enumerate(zip(maps, powers, strict=True)):
        chosen = np.flatnonzero(levels == level)
        if len(chosen):
            scaled = boxes[chosen] * np.float32(2.0**power)
            pooled[chosen] = roi_align(one.astype(np.float32, copy=False), scaled, cells, samples)
    return pooled


def level_of(boxes: np.ndarray, finest: int, coarsest: int) -> np.ndarray:
    """The map of a pyramid for each box [R, 4]: int64 [R], from 0, the map with cells of 2 ** finest pixels."""
    sides = np.sqrt((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
    levels = np.floor(CANONICAL_LEVEL + np.log2(sides / np.float32(CANONICAL_SIZE)) + _EPSILON)
    return np.clip(levels, finest, coarsest).astype(np.int64) - finest
