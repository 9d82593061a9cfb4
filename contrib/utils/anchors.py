"""Anchor boxes, and boxes that a network describes as offsets from others. numpy only.

A box is (left, top, right, bottom) in pixels of the input, float32. The order of anchors, and every rounding, is that
of torchvision.models.detection.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

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


@dataclass(frozen=True)
class DefaultBoxes:
    """The boxes of SSD: of every cell of every map two squares, and for each ratio one lying and one standing.

    Attributes:
        side: of the square input, in pixels.
        grids: rows, and columns, of each map.
        ratios: width over height of the lying boxes of each map.
        scales: of the boxes of each map, in sides of the input; the last one stands for a map behind the last.
        steps: pixels from a cell to the next, of each map; empty: the side over the rows.
    """

    side: int
    grids: tuple[int, ...]
    ratios: tuple[tuple[int, ...], ...]
    scales: tuple[float, ...]
    steps: tuple[int, ...] = ()

    def in_pixels(self) -> np.ndarray:
        """float32 [boxes, 4]: map by map, row by row, and all those of a cell beside each other."""
        return _in_pixels(self)

    def _shapes(self, level: int) -> np.ndarray:
        """(width, height) of the boxes of a cell, float32 [boxes, 2] in sides of the input, 1 at most."""
        scale, between = self.scales[level], sqrt(self.scales[level] * self.scales[level + 1])
        pairs = [(scale, scale), (between, between)]
        for ratio in self.ratios[level]:
            wide, high = scale * sqrt(ratio), scale / sqrt(ratio)
            pairs += [(wide, high), (high, wide)]
        return np.clip(np.array(pairs, np.float32), 0, 1)


@lru_cache(maxsize=16)
def _in_pixels(boxes: DefaultBoxes) -> np.ndarray:
    found = []
    for level, cells in enumerate(boxes.grids):
        every = boxes.side / boxes.steps[level] if boxes.steps else cells
        middles = (np.arange(cells, dtype=np.float32) + np.float32(0.5)) / np.float32(every)
        down, right = np.meshgrid(middles, middles, indexing="ij")
        centres = np.stack([right.ravel(), down.ravel()], axis=1)[:, None]
        half = np.float32(0.5) * boxes._shapes(level)[None]
        found.append(np.concatenate([centres - half, centres + half], axis=2).reshape(-1, 4))
    return np.concatenate(found) * np.float32(boxes.side)
