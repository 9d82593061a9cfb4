"""Maps of YOLOv3, v4 and v5 to objects: boxes relative to anchors, each class of a box a candidate by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.boxes import LARGEST
from utils.postprocess.pytorch.anchored import require_finite, rows_of, sigmoid
from utils.postprocess.pytorch.decoded_rows import RowsDecoder
from utils.postprocess.pytorch.detection import Detections
from utils.preprocess.fit import Fit
from utils.preprocess.pytorch.detection import Placed
from zoo_core.errors import DataError

Anchors = tuple[tuple[int, int], ...]


def _shapes(text: str) -> Anchors:
    return tuple((int(width), int(height)) for width, height in (pair.split(",") for pair in text.split()))


# Width and height of the boxes that are usual in COCO, in pixels of the input, from the authors' files
YOLOV3_ANCHORS: Anchors = _shapes("10,13 16,30 33,23 30,61 62,45 59,119 116,90 156,198 373,326")
YOLOV4_ANCHORS: Anchors = _shapes("12,16 19,36 40,28 36,75 76,55 72,146 142,110 192,243 459,401")
EACH = 3  # anchors of a map
_BOX = 5  # numbers before those of the classes


@dataclass(frozen=True)
class DarknetDecoder:
    """Maps, the coarsest first, to objects.

    Attributes:
        rows: what makes objects of the decoded boxes.
        anchors: width and height in pixels of the input, the smallest first; three of each map.
        strides: pixels of the input for a cell, of each map.
        reach: how many cells the place of a centre spans, around the middle of its own, of each map. Only what is
            larger than 1 reaches the edges of the cell.
        squared: whether a size is that of the anchor times (2 sigmoid)², so that it is 4 times as large at most;
            otherwise times the exponential.
    """

    rows: RowsDecoder
    anchors: Anchors = YOLOV3_ANCHORS
    strides: tuple[int, ...] = (32, 16, 8)
    reach: tuple[float, ...] = (1.0, 1.0, 1.0)
    squared: bool = False

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Placed | Fit]) -> list[Detections]:
        """Decode a batch.

        Args:
            outputs: for each map any float [N, 3 * (5 + classes), H, W]: offset x and y of the centre, width and
                height, objectness and classes, all as logits, but for the sizes that are logarithms.
            metas: where each of the N pictures lies in its input.

        Returns:
            N results, in the order of the samples; computed in float32.

        Raises:
            DataError: the outputs do not fit the classes, the anchors or the metas, or hold NaN or infinity.
        """
        wide = EACH * (_BOX + self.rows.classes)
        if len(outputs) != len(self.strides) or any(
            one.ndim != 4 or one.shape[:2] != (len(metas), wide) for one in outputs
        ):
            raise DataError(
                f"the network gave {[list(one.shape) for one in outputs]}, expected {len(self.strides)} maps "
                f"[{len(metas)}, {wide}, H, W]. Is this the checkpoint of another variant?"
            )
        found = [self._of_map(np.asarray(one), number) for number, one in enumerate(outputs)]
        return self.rows([np.concatenate(found, axis=1)], metas)

    def anchors_of(self, number: int) -> np.ndarray:
        """float32 [3, 2], width and height of the anchors of a map; the last ones are those of the coarsest, the
        first."""
        last = len(self.anchors) - EACH * number
        return np.array(self.anchors[last - EACH : last], np.float32)

    def _of_map(self, maps: np.ndarray, number: int) -> np.ndarray:
        """[N, H * W * 3, 5 + classes]: centre, width and height in pixels of the input, then probabilities."""
        require_finite(maps)
        height, width = maps.shape[2:]
        rows = rows_of(maps, _BOX + self.rows.classes).astype(np.float32)
        down, across = np.mgrid[:height, :width].astype(np.float32)
        cells = np.stack([across, down], axis=2).reshape(-1, 2).repeat(EACH, axis=0)
        reach, half = np.float32(self.reach[number]), np.float32(0.5)
        centres = ((sigmoid(rows[..., :2]) - half) * reach + half + cells) * np.float32(self.strides[number])
        ratios = np.square(2 * sigmoid(rows[..., 2:4])) if self.squared else np.exp(np.minimum(rows[..., 2:4], LARGEST))
        sizes = ratios * np.tile(self.anchors_of(number), (height * width, 1))
        return np.concatenate([centres, sizes, sigmoid(rows[..., 4:])], axis=2)
