"""Text lines from columns of fixed width, as CTPN makes them (Tian et al., 2016, section 3).

Anchors of a column say how high the text in it is, columns beside each other make a line, and its two outermost ones
say where it ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.boxes import LARGEST, batched_nms
from utils.postprocess.pytorch.anchored import require_finite
from zoo_core.errors import DataError

COLUMN = 16  # pixels: the width of an anchor, and the network's stride
HEIGHTS = (
    11,
    16,
    23,
    33,
    48,
    68,
    97,
    139,
    198,
    283,
)  # of the anchors, in pixels: ten from 11 to about 273 as in the paper, each the last one over 0.7, rounded


def anchors(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Middles and heights of the anchors, in pixels: y, x and height, float32, all [anchors, rows, columns]."""
    height, y, x = np.meshgrid(HEIGHTS, np.arange(rows), np.arange(columns), indexing="ij")
    middles = np.float32(COLUMN) * (np.stack([y, x]).astype(np.float32) + np.float32(0.5))
    return middles[0], middles[1], height.astype(np.float32)


@dataclass(frozen=True)
class ColumnsDecoder:
    """Proposals of a column's width to lines of text.

    Attributes:
        threshold: of the probability, above which an anchor is a proposal.
        box_threshold: of a line's mean probability, below which it is dropped.
        nms_iou: the largest IoU of two proposals of a column.
        gap: how many pixels the middles of two neighbours may lie apart (the paper: 50).
        likeness: how much of the smaller height two neighbours share at least, and how much of the larger height the
            smaller one is at least.
        candidates: the largest number of proposals of a picture, the surest ones.
    """

    threshold: float = 0.7
    box_threshold: float = 0.8
    nms_iou: float = 0.2
    gap: float = 50.0
    likeness: float = 0.7
    candidates: int = 1000

    def of_picture(self, outputs: Sequence[np.ndarray]) -> list[tuple[np.ndarray, float]]:
        """The texts of a picture: its outputs are probabilities, heights and sides."""
        scores, heights, sides = outputs
        return self(scores, heights, sides)

    def __call__(self, scores: np.ndarray, heights: np.ndarray, sides: np.ndarray) -> list[tuple[np.ndarray, float]]:
        """The text of the maps of one picture.

        Args:
            scores: float [10, h, w], 0 to 1: whether an anchor is text.
            heights: float [20, h, w]: of each anchor how far its middle has to move, in heights; and behind those of
                all, the logarithms of the ratios of heights.
            sides: float [10, h, w]: how far the nearest end of the text is from the anchor's middle, in columns.

        Returns:
            For each line (float64 [4, 2]: x and y of the corners in pixels, clockwise as seen; its mean probability),
            in order of falling probability.

        Raises:
            DataError: the maps have another shape, or hold NaN or infinity.
        """
        count = len(HEIGHTS)
        size = scores.shape[1:]
        if (scores.shape, heights.shape, sides.shape) != ((count, *size), (2 * count, *size), (count, *size)):
            raise DataError(
                f"scores [{count}, rows, columns], heights of {2 * count} and sides of {count} maps alike are "
                f"expected, got {list(scores.shape)}, {list(heights.shape)} and {list(sides.shape)}."
            )
        for one in (scores, heights, sides):
            require_finite(one)
        proposals = self._proposals(*(one.astype(np.float64) for one in (scores, heights, sides)))
        lines = [_line(proposals[chain]) for chain in self._chains(proposals)]
        sure = (line for line in lines if line[1] >= self.box_threshold and _has_inside(line[0]))
        return sorted(sure, key=lambda line: -line[1])

    def _proposals(self, scores: np.ndarray, heights: np.ndarray, sides: np.ndarray) -> np.ndarray:
        """float64 [K, 5]: middle x, top, bottom, x of the nearest end, probability; by column, the surest first."""
        y, x, height = anchors(*scores.shape[1:])
        chosen = np.flatnonzero(scores > self.threshold)
        chosen = chosen[np.argsort(-scores.flat[chosen], kind="stable")][: self.candidates]
        moves, ratios = heights[: len(HEIGHTS)].flat[chosen], heights[len(HEIGHTS) :].flat[chosen]
        middle = y.flat[chosen] + moves * height.flat[chosen]
        half = np.exp(np.minimum(ratios, LARGEST)) * height.flat[chosen] / 2
        across, score = x.flat[chosen], scores.flat[chosen]
        boxes = np.stack([across - COLUMN / 2, middle - half, across + COLUMN / 2, middle + half], axis=1)
        kept = batched_nms(boxes, score, across.astype(np.int64), self.nms_iou)
        kept = kept[np.lexsort((-score[kept], across[kept]))]
        ends = across + sides.flat[chosen] * COLUMN
        return np.stack([across, middle - half, middle + half, ends, score], axis=1)[kept]

    def _chains(self, proposals: np.ndarray) -> list[list[int]]:
        """Proposals that follow each other: two do where each is the other's neighbour."""
        after = [self._neighbour(proposals, number, 1) for number in range(len(proposals))]
        before = [self._neighbour(proposals, number, -1) for number in range(len(proposals))]
        linked = {one: other for one, other in enumerate(after) if other is not None and before[other] == one}
        chains = []
        for start in sorted(set(range(len(proposals))) - set(linked.values())):
            chain = [start]
            while chain[-1] in linked:
                chain.append(linked[chain[-1]])
            chains.append(chain)
        return chains

    def _neighbour(self, proposals: np.ndarray, number: int, direction: int) -> int | None:
        """The nearest proposal on one side that is like this one; of several in its column the surest."""
        x, top, bottom = proposals[number, :3]
        away = (proposals[:, 0] - x) * direction
        shared = np.minimum(proposals[:, 2], bottom) - np.maximum(proposals[:, 1], top)
        sizes = proposals[:, 2] - proposals[:, 1]
        smaller, larger = np.minimum(sizes, bottom - top), np.maximum(sizes, bottom - top)
        like = (shared >= self.likeness * smaller) & (smaller >= self.likeness * larger)
        found = np.flatnonzero((away > 0) & (away <= self.gap) & like)
        return int(min(found, key=lambda one: (away[one], -proposals[one, 4]))) if len(found) else None


def _line(chain: np.ndarray) -> tuple[np.ndarray, float]:
    """The four corners of proposals [K, 5] in a row, and their mean probability: straight lines along the upper and the
    lower edges, cut where the outermost two say that the text ends."""
    x, top, bottom, ends, score = chain.T
    left, right = x[0] - COLUMN / 2, x[-1] + COLUMN / 2
    if len(chain) > 1:  # a single column is near to both ends, and says where one of them is
        left = np.clip(ends[0], left - COLUMN, left + COLUMN)
        right = np.clip(ends[-1], right - COLUMN, right + COLUMN)
    upper, lower = (np.polyfit(x, edge, 1) if len(chain) > 1 else np.array([0, edge[0]]) for edge in (top, bottom))
    corners = [(left, upper), (right, upper), (right, lower), (left, lower)]
    return np.array([(at, np.polyval(edge, at)) for at, edge in corners], np.float64), float(score.mean())


def _has_inside(corners: np.ndarray) -> bool:
    """Whether the ends are apart, and the edges do not cross between them: of columns that contradict each other, they
    may."""
    (left, upper), (right, upper_right), (_, lower_right), (_, lower) = corners
    return bool(left < right and upper < lower and upper_right < lower_right)
