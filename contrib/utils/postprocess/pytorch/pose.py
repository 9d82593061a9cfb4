"""What pose networks give, a map of each point, to points in the picture's own pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.postprocess.pytorch.anchored import require_finite
from utils.preprocess.pytorch.pose import Cut
from zoo_core.errors import DataError

_SURE = 0.2  # least score of a point that counts in a person's, as the Simple Baselines have it
_SMOOTH, _RADIUS = 0.8, 5  # of the Gaussian that ViTPose smooths maps with
_LOW, _HIGH = 0.001, 50.0


@dataclass(frozen=True)
class Pose:
    """The points of one person.

    Attributes:
        points: float32 [K, 3], x and y in pixels of the picture, and score, about 0 to 1.
        score: of the person: the mean of the points' that are above 0.2, 0 where none is.
        box: (left, top, right, bottom) of the person as it was given.
        cell: pixels of the picture from a cell of the maps to the next.
    """

    points: np.ndarray
    score: float
    box: tuple[float, float, float, float]
    cell: float = 1.0


@dataclass(frozen=True)
class HeatmapDecoder:
    """The highest place of each map, and what lies between its neighbours.

    Attributes:
        points: how many maps there are.
        unbiased: False, as the Simple Baselines do: a quarter of a cell towards the higher neighbour. True, as ViTPose
            does: the maximum of a parabola through the logarithm of the smoothed map (DARK), in maps whose first and
            last cells lie on the first and last pixel.
    """

    points: int
    unbiased: bool = False

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Cut]) -> list[Pose]:
        """Decode a batch.

        Args:
            outputs: any float [N, K, H, W].
            metas: what of its picture each of the N inputs shows.

        Returns:
            N results, in the order of the samples; computed in float32.

        Raises:
            DataError: the output does not fit the points or the metas, or holds NaN or infinity.
        """
        (maps,) = outputs
        if maps.ndim != 4 or maps.shape[:2] != (len(metas), self.points):
            raise DataError(
                f"the network gave an output of {list(maps.shape)}, expected [{len(metas)}, {self.points}, H, W]. Is "
                "this the checkpoint of another variant?"
            )
        require_finite(maps)
        return [self._one(one.astype(np.float32), meta) for one, meta in zip(maps, metas, strict=True)]

    def _one(self, maps: np.ndarray, meta: Cut) -> Pose:
        height, width = maps.shape[1:]
        flat = maps.reshape(self.points, -1)
        rows, columns = np.divmod(flat.argmax(axis=1), width)
        scores = flat.max(axis=1)
        places = np.stack([columns, rows], axis=1).astype(np.float32)
        if self.unbiased:
            places -= _to_top(maps, rows, columns)
            points = places * (meta.size / (np.array([width, height]) - 1.0)) + meta.centre - meta.size * 0.5
        else:
            places += 0.25 * _towards(maps, rows, columns)
            points = (places - np.array([width, height]) * 0.5) * (meta.size[0] / width) + meta.centre
        sure = scores[scores > _SURE]
        table = np.column_stack([points, scores]).astype(np.float32)
        return Pose(table, float(sure.mean()) if len(sure) else 0.0, meta.box, float(meta.size[0] / width))


def _towards(maps: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """float32 [K, 2]: -1, 0 or 1 towards the higher neighbour, in x and y; 0 at the edges and one cell before them."""
    height, width = maps.shape[1:]
    found = np.zeros((len(maps), 2), np.float32)
    for number, (one, row, column) in enumerate(zip(maps, rows, columns, strict=True)):
        if 1 < column < width - 1 and 1 < row < height - 1:
            across, down = one[row, column + 1] - one[row, column - 1], one[row + 1, column] - one[row - 1, column]
            found[number] = np.sign([across, down])
    return found


def _to_top(maps: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """float [K, 2]: what is taken off x and y, a step of Newton's on the logarithm of the smoothed map."""
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(maps, sigma=_SMOOTH, radius=_RADIUS, axes=(1, 2))
    wide = np.pad(np.log(np.clip(smooth, _LOW, _HIGH)), ((0, 0), (1, 1), (1, 1)), mode="edge")
    each = np.arange(len(maps))
    around = {(y, x): wide[each, rows + 1 + y, columns + 1 + x] for y in (-1, 0, 1) for x in (-1, 0, 1)}
    slope = np.stack([0.5 * (around[0, 1] - around[0, -1]), 0.5 * (around[1, 0] - around[-1, 0])], axis=1)
    across = around[0, 1] - 2 * around[0, 0] + around[0, -1]
    down = around[1, 0] - 2 * around[0, 0] + around[-1, 0]
    corner = 0.5 * (
        around[1, 1] - around[0, 1] - around[1, 0] + around[0, 0] + around[0, 0]
        - around[0, -1] - around[-1, 0] + around[-1, -1]
    )  # fmt: skip
    curve = np.stack([across, corner, corner, down], axis=1).reshape(-1, 2, 2)
    inverse = np.linalg.inv(curve + np.finfo(np.float32).eps * np.eye(2))
    return (inverse @ slope[:, :, None])[:, :, 0]
