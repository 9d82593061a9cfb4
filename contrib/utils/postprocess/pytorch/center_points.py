"""Postprocessing of CenterNet: maps of centres, sizes and offsets to boxes in the picture's own pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.postprocess.pytorch.anchored import require_finite
from utils.postprocess.pytorch.detection import Detections
from utils.preprocess.fit import Fit
from utils.preprocess.pytorch.detection import Placed
from zoo_core.errors import DataError

STRIDE = 4  # pixels of the input for a cell


@dataclass(frozen=True)
class CenterNetDecoder:
    """Peaks of the heatmaps to objects: no cell beside a peak is more likely a centre of its class. Nothing is
    suppressed beyond that.

    Attributes:
        classes: how many there are.
        most: the most objects that are kept for a picture.
    """

    classes: int
    most: int = 100

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Placed | Fit]) -> list[Detections]:
        """Decode a batch.

        Args:
            outputs: any float [N, classes, H, W], the probability that an object's centre is in a cell; [N, 2, H, W],
                width and height in cells; [N, 2, H, W], x and y from the cell's corner to the centre, in cells.
            metas: where each of the N pictures lies in its input.

        Returns:
            N results, in the order of the samples; computed in float32.

        Raises:
            DataError: the outputs do not fit each other, the classes or the metas, or hold NaN or infinity.
        """
        maps = [np.asarray(one, np.float32) for one in outputs]
        got, cells = [list(one.shape) for one in maps], maps[0].shape[2:] if maps else ()
        if got != [[len(metas), count, *cells] for count in (self.classes, 2, 2)] or len(cells) != 2:
            raise DataError(
                f"the network gave outputs of {got}, expected [{len(metas)}, {self.classes}, H, W] and twice "
                f"[{len(metas)}, 2, H, W]. Is this the checkpoint of another variant?"
            )
        for one in maps:
            require_finite(one)
        return [self._one([one[row] for one in maps], meta) for row, meta in enumerate(metas)]

    def _one(self, maps: Sequence[np.ndarray], meta: Placed | Fit) -> Detections:
        heat, sizes, offsets = maps
        peaks = np.flatnonzero(heat == highest_around(heat))
        best = peaks[np.argsort(-heat.ravel()[peaks], kind="stable")[: self.most]]
        classes, rows, columns = np.unravel_index(best, heat.shape)
        centres = np.stack([columns, rows], axis=1).astype(np.float32) + offsets[:, rows, columns].T
        # a network that is not trained may give sizes below 0
        half = np.maximum(sizes[:, rows, columns].T, 0) / 2
        corners = np.stack([centres - half, centres + half], axis=1) * np.float32(STRIDE)
        boxes = meta.to_original(corners).astype(np.float32, copy=False).reshape(-1, 4)
        return Detections(boxes, heat.ravel()[best], classes.astype(np.int64), meta.original)


def highest_around(maps: np.ndarray) -> np.ndarray:
    """The largest value among each cell and its eight neighbours: [C, H, W] to the same shape."""
    tall = maps.copy()
    np.maximum(tall[:, 1:], maps[:, :-1], out=tall[:, 1:])
    np.maximum(tall[:, :-1], maps[:, 1:], out=tall[:, :-1])
    wide = tall.copy()
    np.maximum(wide[:, :, 1:], tall[:, :, :-1], out=wide[:, :, 1:])
    np.maximum(wide[:, :, :-1], tall[:, :, 1:], out=wide[:, :, :-1])
    return wide
