"""Text polygons from a probability map as PaddleOCR forms them, in whole pixels of the picture."""

from dataclasses import dataclass

import numpy as np

from utils.postprocess.polygons import PolygonDecoder, mean_inside, moved, reach
from utils.preprocess.fit import Fit


@dataclass(frozen=True)
class PaddleOcrDecoder(PolygonDecoder):
    """As `PolygonDecoder`, with corners that are cut to whole pixels before they are used, and are places of pixels: 0
    is the first one.

    The Clipper library, by which PaddleOCR widens, rounds arcs to whole pixels: corners may differ by a pixel or two.
    """

    _centre = 0.0

    def _score(self, values: np.ndarray, corners: np.ndarray) -> float:
        return mean_inside(values, corners, np.trunc)

    def _widened(self, corners: np.ndarray) -> np.ndarray | None:
        made = moved(np.trunc(corners), reach(corners) * self.ratio)
        return None if made is None else np.round(made)


def whole_pixels(fit: Fit, corners: np.ndarray) -> np.ndarray:
    """Corners [K, 2] of the input in whole pixels of the picture, none of them outside of it."""
    return np.clip(np.round(fit.to_original(corners)), 0, fit.original)
