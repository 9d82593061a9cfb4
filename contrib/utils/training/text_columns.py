"""The maps that CTPN is trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from utils.datasets.icdar import TextRegion
from utils.postprocess.polygons import clockwise
from utils.postprocess.text_columns import COLUMN, HEIGHTS, anchors

SURE, UNSURE = 0.7, 0.5  # IoU with a text's part in a column, from which an anchor is text, and is not sure to be none
NEAR = 1.5 * COLUMN  # pixels from a text's end, within which an anchor learns where this is
MAPS = ("text", "counts", "heights", "sides", "near")


def column_maps(regions: Sequence[TextRegion], side: int) -> tuple[np.ndarray, ...]:
    """What the anchors of a square picture have to say of its texts, of four corners each, which are about level.

    Args:
        side: of the picture, in pixels; a multiple of 16.

    Returns:
        float32 [10, s, s] each, s = side / 16, but for the heights, in the order of `MAPS`. text: 1 where an anchor is
        text. counts: 0 where it is unsure, or text that nobody has to find. heights [20, s, s], sides: as
        `ColumnsDecoder` takes them. near: 1 where the sides are learnt.
    """
    y, x, height = anchors(side // COLUMN, side // COLUMN)
    shape = y.shape
    text, counts, sides, near = np.zeros(shape), np.ones(shape), np.zeros(shape), np.zeros(shape)
    heights, best = np.zeros((2, *shape)), np.zeros(shape)
    for region in regions:
        quad = clockwise(region.polygon)
        left, right = quad[[0, 3], 0].mean(), quad[[1, 2], 0].mean()
        top = np.interp(x, quad[:2, 0], quad[:2, 1])
        bottom = np.interp(x, quad[[3, 2], 0], quad[[3, 2], 1])
        here = np.minimum(x + COLUMN / 2, right) - np.maximum(x - COLUMN / 2, left) > COLUMN / 4
        shared = np.minimum(y + height / 2, bottom) - np.maximum(y - height / 2, top)
        overlap = np.where(here, np.maximum(shared, 0) / (height + bottom - top - np.maximum(shared, 0)), 0)
        counts[overlap > UNSURE] = 0
        if region.ignored:
            continue
        # of each column the best anchor is text too: small texts have none that fits them well
        mine = (overlap > SURE) | ((overlap == overlap.max(axis=(0, 1))) & here)
        mine &= overlap > best
        best[mine], text[mine] = overlap[mine], 1
        heights[0][mine] = (((top + bottom) / 2 - y) / height)[mine]
        heights[1][mine] = np.log((bottom - top) / height)[mine]
        end = np.where(x - left < right - x, left, right)
        sides[mine], near[mine] = ((end - x) / COLUMN)[mine], (np.abs(end - x) <= NEAR)[mine]
    counts[text > 0] = 1
    made = (text, counts, heights.reshape(2 * len(HEIGHTS), *shape[1:]), sides, near)
    return tuple(one.astype(np.float32) for one in made)
