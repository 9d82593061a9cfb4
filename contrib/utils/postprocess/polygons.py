"""Text polygons from a probability map: the box formation of DBNet (Liao et al., 2020, section 3.5)."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from utils.postprocess.pytorch.anchored import require_finite
from zoo_core.errors import DataError


@dataclass(frozen=True)
class PolygonDecoder:
    """Binarise, find regions, score them, widen them, take the smallest rectangle around each.

    The network is trained on shrunken regions, which keeps neighbours apart; widening undoes that by the distance
    area × ratio / perimeter.

    Attributes:
        threshold: of the probability, above which a pixel is text.
        box_threshold: of a region's mean probability, below which it is dropped.
        ratio: how far regions are widened (the paper: 1.5).
        shortest: regions whose rectangle has a shorter side below this many pixels of the map are dropped.
        candidates: the largest number of regions that are looked at.
    """

    threshold: float = 0.3
    box_threshold: float = 0.6
    ratio: float = 1.5
    shortest: float = 3.0
    candidates: int = 1000

    def of_picture(self, outputs: Sequence[np.ndarray]) -> list[tuple[np.ndarray, float]]:
        """The texts of a picture: its map [1, H, W] is the only output."""
        return self(outputs[0][0])

    def __call__(self, probability: np.ndarray) -> list[tuple[np.ndarray, float]]:
        """The text of one map.

        Args:
            probability: float [H, W], 0 to 1.

        Returns:
            For each region (float64 [4, 2]: x and y of the corners in pixels of the map, clockwise as seen; its mean
            probability), in order of falling probability. x runs from 0 to W, y from 0 to H; corners may lie outside.

        Raises:
            DataError: the map is not [H, W], or holds NaN or infinity.
        """
        import cv2

        if probability.ndim != 2:
            raise DataError(f"a probability map [height, width] is expected, got {list(probability.shape)}.")
        require_finite(probability)
        values = np.ascontiguousarray(probability, np.float32)
        contours, _ = cv2.findContours(
            (values > self.threshold).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE
        )
        found = [self._region(values, contour[:, 0, :]) for contour in contours[: self.candidates]]
        return sorted((one for one in found if one is not None), key=lambda one: -one[1])

    def _region(self, values: np.ndarray, contour: np.ndarray) -> tuple[np.ndarray, float] | None:
        corners, shorter = smallest_rectangle(contour)
        if shorter < self.shortest:
            return None
        score = self._score(values, corners)
        if score < self.box_threshold:
            return None
        widened = self._widened(corners)
        if widened is None:
            return None
        corners, shorter = smallest_rectangle(widened)
        return (corners + self._centre, score) if shorter >= self.shortest + 2 else None

    # contours run through the centres of pixels: the centre of the first one is at 0.5
    _centre = 0.5

    def _score(self, values: np.ndarray, corners: np.ndarray) -> float:
        return mean_inside(values, corners)

    def _widened(self, corners: np.ndarray) -> np.ndarray | None:
        return widen(corners, self.ratio)


def surface(polygon: np.ndarray) -> float:
    """The area of a polygon [K, 2] whose sides do not cross, in square pixels, whichever way its corners run."""
    x, y = polygon.T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def smallest_rectangle(points: np.ndarray) -> tuple[np.ndarray, float]:
    """The rectangle of least area around points [K, 2]: (float64 [4, 2], its shorter side).

    The corners run clockwise as seen (y points down), from the upper left one, that with the smallest x + y.
    """
    import cv2

    rectangle = cv2.minAreaRect(np.asarray(points, np.float32).reshape(-1, 1, 2))
    return clockwise(cv2.boxPoints(rectangle).astype(np.float64)), float(min(rectangle[1]))


def clockwise(corners: np.ndarray) -> np.ndarray:
    """Corners [K, 2] of a convex polygon, clockwise as seen, from the one with the smallest x + y."""
    middle = corners.mean(axis=0)
    angle = np.arctan2(corners[:, 1] - middle[1], corners[:, 0] - middle[0])
    ordered = corners[np.argsort(angle)]
    return np.roll(ordered, -int(ordered.sum(axis=1).argmin()), axis=0)


def cut_out(pixels: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """A word, turned upright: what lies in a rectangle of an image, its longer side level and read from the left.

    Args:
        pixels: uint8 [H, W, 3].
        corners: [4, 2], clockwise as seen, in pixels. Text is taken to lean by less than a right angle.

    Returns:
        uint8 [height, width, 3] of the rectangle's own size in pixels, at least 1 x 1.
    """
    import cv2

    sides = np.roll(corners, -1, axis=0) - corners
    lengths = np.linalg.norm(sides, axis=1)
    # of the two longer sides the one that runs to the right: the upper one, since corners run clockwise
    longer = int(lengths[0] + lengths[2] < lengths[1] + lengths[3])
    first = longer if sides[longer, 0] >= 0 else longer + 2
    size = [max(round(float(lengths[(first + turn) % 4])), 1) for turn in (0, 1)]
    source = np.roll(corners, -first, axis=0)[:3].astype(np.float32)
    target = np.array([[0, 0], [size[0], 0], [size[0], size[1]]], np.float32)
    matrix = cv2.getAffineTransform(source, target)
    return cv2.warpAffine(pixels, matrix, (size[0], size[1]), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def mean_inside(values: np.ndarray, corners: np.ndarray, whole: Callable[[np.ndarray], np.ndarray] = np.round) -> float:
    """The mean of a map [H, W] over a polygon [K, 2], whose edge counts as inside; `whole` makes pixels of corners."""
    import cv2

    height, width = values.shape
    left, top = (math.floor(low) for low in corners.min(axis=0))
    right, bottom = (math.ceil(high) for high in corners.max(axis=0))
    left, right = min(max(left, 0), width - 1), min(max(right, 0), width - 1)
    top, bottom = min(max(top, 0), height - 1), min(max(bottom, 0), height - 1)
    mask = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
    cv2.fillPoly(mask, [whole(corners - (left, top)).astype(np.int32)], 1)
    return float(cv2.mean(values[top : bottom + 1, left : right + 1], mask)[0])


def widen(corners: np.ndarray, ratio: float) -> np.ndarray | None:
    """A polygon [K, 2] moved outwards by area × ratio / perimeter, corners rounded: [M, 2]; None if it has no area.

    shapely's buffer with round joins is the same offset as the Clipper library's, which the authors use.
    """
    return moved(corners, reach(corners) * ratio)


def shrink(corners: np.ndarray, ratio: float) -> np.ndarray | None:
    """A polygon [K, 2] moved inwards by area × (1 - ratio²) / perimeter, as the paper labels text (ratio 0.4).

    [M, 2], or None where nothing is left or it falls apart.
    """
    return moved(corners, -reach(corners) * (1 - ratio**2))


def reach(corners: np.ndarray) -> float:
    """Area by perimeter of a polygon [K, 2]; 0 where it has none."""
    from shapely.geometry import Polygon

    polygon = Polygon(corners)
    return float(polygon.area / polygon.length) if polygon.length else 0.0


def moved(corners: np.ndarray, distance: float) -> np.ndarray | None:
    """A polygon [K, 2] whose edges lie so many pixels further out, its corners rounded off: [M, 2]; None where it has
    no area, or nothing whole is left."""
    from shapely.geometry import Polygon

    polygon = Polygon(corners)
    if not polygon.is_valid or polygon.area == 0:
        return None
    made = polygon.buffer(distance)
    if made.is_empty or made.geom_type != "Polygon":
        return None
    return np.asarray(made.exterior.coords[:-1], np.float64)
