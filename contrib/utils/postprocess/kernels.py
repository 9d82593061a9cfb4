"""Text from kernels: the progressive scale expansion of PSENet (Wang et al., 2019, section 3.2), in numpy."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.postprocess.polygons import smallest_rectangle
from utils.postprocess.pytorch.anchored import require_finite
from zoo_core.errors import DataError


@dataclass(frozen=True)
class KernelDecoder:
    """Find the smallest kernels, let each grow into its text, take the smallest rectangle around it.

    Attributes:
        threshold: of a map's probability, above which a pixel belongs to it.
        box_threshold: of a text's mean probability, below which it is dropped.
        least: pixels that a text has at least.
        candidates: the largest number of texts, the surest ones.
    """

    threshold: float = 0.5
    box_threshold: float = 0.85
    least: int = 64
    candidates: int = 1000

    def of_picture(self, outputs: Sequence[np.ndarray]) -> list[tuple[np.ndarray, float]]:
        """The texts of a picture: its maps are the only output."""
        return self(outputs[0])

    def __call__(self, probabilities: np.ndarray) -> list[tuple[np.ndarray, float]]:
        """The text of the maps of one picture.

        Args:
            probabilities: float [K, H, W], 0 to 1: the whole text, then smaller and smaller kernels.

        Returns:
            For each text (float64 [4, 2]: x and y of the corners in pixels of the maps, clockwise as seen; its mean
            probability), in order of falling probability. x runs from 0 to W, y from 0 to H; corners may lie outside.

        Raises:
            DataError: the maps are not [K, H, W], or hold NaN or infinity.
        """
        if probabilities.ndim != 3:
            raise DataError(f"maps of kernels [kernels, height, width] are expected, got {list(probabilities.shape)}.")
        require_finite(probabilities)
        inside = probabilities > self.threshold
        labels = expanded((inside & inside[0])[::-1])
        areas = np.bincount(labels.ravel())
        sums = np.bincount(labels.ravel(), probabilities[0].ravel().astype(np.float64))
        scores = sums / np.maximum(areas, 1)
        good = (areas >= self.least) & (scores >= self.box_threshold)
        good[0] = False
        best = sorted(np.flatnonzero(good), key=lambda label: -scores[label])[: self.candidates]
        places = _places(labels, areas)
        return [(_rectangle(places[label]), float(scores[label])) for label in best]


def expanded(kernels: np.ndarray) -> np.ndarray:
    """Regions of the smallest kernel, grown breadth-first through the larger ones.

    Args:
        kernels: bool [K, H, W], the smallest first.

    Returns:
        int32 [H, W]: 0 where there is no text, else the number of the text, from 1. Neighbours are those above, below,
        left and right. A pixel belongs to the text that comes to it first; of several at once, to the one with the
        smallest number.
    """
    import cv2

    _, first = cv2.connectedComponents(kernels[0].astype(np.uint8), connectivity=4)
    framed = np.pad(first, 1)
    labels, width = framed.reshape(-1), framed.shape[1]
    steps = np.array([-width, width, -1, 1])
    for kernel in kernels[1:]:
        room = np.pad(kernel, 1).reshape(-1)
        front = np.flatnonzero(labels)
        while len(front):
            reached = (front[:, None] + steps).reshape(-1)
            owners = np.repeat(labels[front], len(steps))
            free = room[reached] & (labels[reached] == 0)
            reached, owners = reached[free], owners[free]
            order = np.argsort(-owners, kind="stable")  # what is written last stays: the smallest number
            labels[reached[order]] = owners[order]
            front = np.unique(reached)
    return framed[1:-1, 1:-1]


def _places(labels: np.ndarray, areas: np.ndarray) -> list[np.ndarray]:
    """The pixels (x, y) of each number: int64 [n, 2] each."""
    order = np.argsort(labels, axis=None, kind="stable")
    points = np.stack([order % labels.shape[1], order // labels.shape[1]], axis=1)
    return np.split(points, np.cumsum(areas)[:-1])


def _rectangle(points: np.ndarray) -> np.ndarray:
    """The smallest rectangle around whole pixels [n, 2], not around their centres."""
    return smallest_rectangle(np.concatenate([points + corner for corner in ((0, 0), (1, 0), (0, 1), (1, 1))]))[0]
