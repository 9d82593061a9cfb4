"""Text that a network reads at its two ends, as AdvancedEAST does it: cells of a text that touch are one region, and
each end of the region says where the two corners beside it are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.postprocess.polygons import clockwise
from utils.postprocess.pytorch.anchored import require_finite
from zoo_core.errors import DataError

CELL = 4  # pixels
LONGER = 1.5  # a text stands upright where its height is so many times its width


def oriented(polygon: np.ndarray) -> np.ndarray:
    """The corners of a text, [4, 2] clockwise as seen, from the one that lies at its beginning, above the text.

    So the first and the last corner are its beginning, and the two others its end. A text runs along its longer sides,
    of about equal ones along the flatter; to the right, or down where it is as steep as 63° or more upwards.
    """
    turns = [np.roll(polygon, -start, axis=0) for start in range(4)]
    forward = [turn for turn in turns if _direction(turn) @ (2, 1) > 0]
    if not forward:
        return polygon
    return max(forward, key=lambda turn: _reach(turn))


def _direction(corners: np.ndarray) -> np.ndarray:
    return corners[1] + corners[2] - corners[0] - corners[3]


def _reach(corners: np.ndarray) -> float:
    """The length of a text, and more where it lies rather than stands."""
    x, y = _direction(corners)
    return float(np.hypot(x, y) * (LONGER if abs(x) > abs(y) else 1))


def centres(rows: int, columns: int) -> np.ndarray:
    """The centres of cells, x and y in pixels: float32 [rows, columns, 2]."""
    y, x = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    return ((np.stack([x, y], axis=-1) + 0.5) * CELL).astype(np.float32)


@dataclass(frozen=True)
class EndsDecoder:
    """Regions of cells to quadrangles.

    Attributes:
        threshold: of the probability, above which a cell lies in a text.
        end: of the probability, above which a cell lies at an end of it.
        side: how sure it must be, at which end: below this, or above one less this.
        box_threshold: of a region's mean probability, below which it is dropped.
        least: cells that a region has at least.
        candidates: the largest number of texts, the surest ones.
    """

    threshold: float = 0.5
    end: float = 0.5
    side: float = 0.4
    box_threshold: float = 0.7
    least: int = 3
    candidates: int = 1000

    def of_picture(self, outputs: Sequence[np.ndarray]) -> list[tuple[np.ndarray, float]]:
        """The texts of a picture: its outputs are the codes and the corners."""
        codes, corners = outputs
        return self(codes, corners)

    def __call__(self, codes: np.ndarray, corners: np.ndarray) -> list[tuple[np.ndarray, float]]:
        """The text of the maps of one picture.

        Args:
            codes: float [3, h, w], 0 to 1: in a text; at an end of it; at the end where reading stops.
            corners: float [4, h, w]: from a cell's centre to the corners of its end, in pixels.

        Returns:
            For each text (float64 [4, 2]: x and y of the corners in pixels, clockwise as seen; its mean probability),
            in order of falling probability. Regions of which an end is not found are dropped.

        Raises:
            DataError: the maps have another shape, or hold NaN or infinity.
        """
        import cv2

        if codes.ndim != 3 or len(codes) != 3 or corners.shape != (4, *codes.shape[1:]):
            raise DataError(
                "codes [3, height, width] and corners [4, height, width] are expected, got "
                f"{list(codes.shape)} and {list(corners.shape)}."
            )
        require_finite(codes)
        require_finite(corners)
        codes, corners = codes.astype(np.float64), corners.astype(np.float64)
        count, labels = cv2.connectedComponents((codes[0] > self.threshold).astype(np.uint8), connectivity=4)
        areas = np.bincount(labels.ravel(), minlength=count)
        scores = np.bincount(labels.ravel(), codes[0].ravel(), count) / np.maximum(areas, 1)
        ends = [
            self._ends(labels, codes, corners, codes[2] < self.side, count),
            self._ends(labels, codes, corners, codes[2] > 1 - self.side, count),
        ]
        good = (areas >= self.least) & (scores >= self.box_threshold) & np.isfinite(ends).all(axis=(0, 2))
        good[0] = False
        best = sorted(np.flatnonzero(good), key=lambda label: -scores[label])[: self.candidates]
        return [(_quadrangle(ends[0][label], ends[1][label]), float(scores[label])) for label in best]

    def _ends(
        self, labels: np.ndarray, codes: np.ndarray, corners: np.ndarray, side: np.ndarray, count: int
    ) -> np.ndarray:
        """What the cells at one end of each region say of its two corners, the surer ones more: float64 [count, 4],
        NaN where there are none."""
        cells = side & (codes[1] > self.end)
        owners, weights = labels[cells], codes[1][cells]
        places = np.tile(centres(*labels.shape)[cells], 2) + corners[:, cells].T
        total = np.bincount(owners, weights, count)
        sums = np.stack([np.bincount(owners, weights * column, count) for column in places.T], axis=1)
        return np.divide(sums, total[:, None], out=np.full(sums.shape, np.nan), where=total[:, None] > 0)


def _quadrangle(beginning: np.ndarray, end: np.ndarray) -> np.ndarray:
    return clockwise(np.concatenate([beginning, end]).reshape(4, 2))
