"""The maps that AdvancedEAST is trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from utils.datasets.icdar import TextRegion
from utils.postprocess.text_ends import CELL, centres, oriented

INNER, ENDS = 0.2, 0.6  # of a text's shorter side: what does not count as text at its edge; how far an end reaches
MAPS = ("inside", "counts", "end", "last", "corners", "shorter")


def end_maps(regions: Sequence[TextRegion], side: int) -> tuple[np.ndarray, ...]:
    """What the cells of a square picture say of its texts, of four corners each.

    Args:
        side: of the picture, in pixels; a multiple of 4.

    Returns:
        float32 [s, s] each, s = side / 4, but for the corners, in the order of `MAPS`. inside: 1 in a text. counts: 0
        where text is that nobody has to find. end: 1 at one of its ends. last: 1 at the end where reading stops.
        corners [4, s, s]: from a cell's centre to the corners of its end, in pixels, the one clockwise first before.
        shorter: side of the text, in pixels; 1 elsewhere.
    """
    points = centres(side // CELL, side // CELL)
    inside, end, last = np.zeros((3, *points.shape[:2]), np.float32)
    counts, shorter = np.ones((2, *points.shape[:2]), np.float32)
    corners = np.zeros((4, *points.shape[:2]), np.float32)
    for region in regions:
        quad = oriented(region.polygon)
        away = _from_edges(points, quad)  # above the text, behind its end, below it, before its beginning
        short = float(np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1).min())
        if region.ignored:
            counts[(away >= 0).all(axis=0)] = 0
            continue
        within = (away >= INNER * short).all(axis=0)
        stops = within & (away[1] < away[3])
        inside[within], last[stops], shorter[within] = 1, 1, short
        end[within & (np.minimum(away[1], away[3]) < ENDS * short)] = 1
        for chosen, (one, other) in ((within & ~stops, (3, 0)), (stops, (1, 2))):
            corners[:, chosen] = np.concatenate([quad[one] - points[chosen], quad[other] - points[chosen]], axis=1).T
    return inside, counts, end, last, corners, shorter


def _from_edges(points: np.ndarray, quad: np.ndarray) -> np.ndarray:
    """How far inside of each edge of a clockwise polygon points [..., 2] lie, in pixels: [4, ...]."""
    found = []
    for start, stop in zip(quad, np.roll(quad, -1, axis=0), strict=True):
        along = (stop - start) / max(float(np.linalg.norm(stop - start)), 1e-6)
        offset = points - start
        found.append(along[0] * offset[..., 1] - along[1] * offset[..., 0])
    return np.stack(found)
