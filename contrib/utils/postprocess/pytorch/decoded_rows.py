"""Postprocessing of detectors whose graph decodes its boxes: those of the YOLOv5 and YOLOv8 kind."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.boxes import batched_nms, from_centres
from utils.postprocess.pytorch.anchored import require_finite
from utils.postprocess.pytorch.detection import Detections
from utils.preprocess.fit import Fit
from utils.preprocess.pytorch.detection import Placed
from zoo_core.errors import DataError


@dataclass(frozen=True)
class RowsDecoder:
    """Boxes and probabilities to objects: each class of a box is a candidate by itself, suppressed class by class.

    Attributes:
        classes: how many there are.
        objectness: whether a row has the probability of an object between its box and its classes, with which those
            are multiplied.
        columns: whether the output is [N, numbers, boxes], a column a box.
        score: the least probability that is kept.
        nms_iou: the largest IoU that two boxes of one class may have.
        candidates: the most of a picture before non-maximum suppression.
        most: the most boxes that are kept for a picture; COCO's evaluation looks at 100.
    """

    classes: int
    objectness: bool = False
    columns: bool = False
    score: float = 0.01
    nms_iou: float = 0.65
    candidates: int = 3000
    most: int = 100

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Placed | Fit]) -> list[Detections]:
        """Decode a batch.

        Args:
            outputs: the network's outputs; the first is [N, boxes, 4 + classes], with `objectness` [N, boxes, 5 +
                classes], in any float dtype: centre x, centre y, width and height in pixels of the input, then
                probabilities. With `columns` the last two dimensions are the other way round.
            metas: where each of the N pictures lies in its input.

        Returns:
            N results, in the order of the samples; computed in float32.

        Raises:
            DataError: the output does not fit the classes or the metas, or holds NaN or infinity.
        """
        given = np.asarray(outputs[0])
        numbers = 4 + self.objectness + self.classes
        if given.ndim != 3 or given.shape[1 if self.columns else 2] != numbers:
            wanted = f"[N, {numbers}, boxes]" if self.columns else f"[N, boxes, {numbers}]"
            raise DataError(
                f"the network gave an output of {list(given.shape)}, expected {wanted} for {self.classes} classes. Is "
                "this the checkpoint of another variant?"
            )
        if len(given) != len(metas):
            raise DataError(f"the network gave {len(given)} rows for {len(metas)} samples.")
        require_finite(given)
        rows = given.transpose(0, 2, 1) if self.columns else given
        return [self._one(row.astype(np.float32), meta) for row, meta in zip(rows, metas, strict=True)]

    def _one(self, rows: np.ndarray, meta: Placed | Fit) -> Detections:
        scores = rows[:, 4:] if not self.objectness else rows[:, 4:5] * rows[:, 5:]
        good = np.flatnonzero(scores >= self.score)
        best = good[np.argsort(-scores.ravel()[good], kind="stable")[: self.candidates]]
        found, classes = np.divmod(best, self.classes)
        corners = from_centres(rows[found, :4]).reshape(-1, 2, 2)
        boxes = meta.to_original(corners).astype(np.float32, copy=False).reshape(-1, 4)
        kept = batched_nms(boxes, scores.ravel()[best], classes, self.nms_iou)[: self.most]
        return Detections(boxes[kept], scores.ravel()[best][kept], classes[kept], meta.original)
