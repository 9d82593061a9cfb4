"""Postprocessing of detectors: the raw outputs of YOLOX to boxes in the picture's own pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.boxes import LARGEST, batched_nms, from_centres
from utils.postprocess.pytorch.detection_scripts import get_metrics, get_stats, postprocess
from utils.preprocess.pytorch.detection import Placed
from zoo_core.errors import DataError

__all__ = ["STRIDES", "Detections", "YoloxDecoder", "decode", "get_metrics", "get_stats", "grid", "postprocess"]

STRIDES = (8, 16, 32)


@dataclass(frozen=True)
class Detections:
    """What was found in one picture, best first.

    Attributes:
        boxes: float32 [K, 4], (left, top, right, bottom) in pixels of the picture. As the authors of YOLOX do, they are
            not cut at the picture's edge.
        scores: float32 [K], 0 to 1.
        classes: int64 [K], class indices.
        size: (width, height) of the picture in pixels.
    """

    boxes: np.ndarray
    scores: np.ndarray
    classes: np.ndarray
    size: tuple[int, int]

    def above(self, score: float) -> "Detections":
        """Those with at least this score."""
        return self._only(self.scores >= score)

    def suppressed(self, nms_iou: float) -> "Detections":
        """Those that non-maximum suppression keeps for each class by itself: no two of a class above this IoU."""
        return self._only(batched_nms(self.boxes, self.scores, self.classes, nms_iou))

    def _only(self, chosen: np.ndarray) -> "Detections":
        return Detections(self.boxes[chosen], self.scores[chosen], self.classes[chosen], self.size)


@dataclass(frozen=True)
class YoloxDecoder:
    """Rows of cells to boxes: decoding, the score threshold, and non-maximum suppression for each class by itself.

    Attributes:
        classes: how many there are.
        decoded: whether the network gives boxes in pixels of the input, as YOLOX's does with decode_in_inference.
        score: the least product of objectness and class probability that is kept. YOLOX is evaluated at 0.01.
        nms_iou: the largest IoU that two boxes of one class may have; 0.65 in YOLOX's evaluation.
        most: the most boxes that are kept for a picture; COCO's evaluation looks at 100.
    """

    classes: int
    decoded: bool = False
    score: float = 0.01
    nms_iou: float = 0.65
    most: int = 100

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Placed]) -> list[Detections]:
        """Decode a batch.

        Args:
            outputs: the network's outputs; the first is [N, cells, 5 + classes] in any float dtype: raw box,
                probability of an object, probability of each class.
            metas: where each of the N pictures lies in its input.

        Returns:
            N results, in the order of the samples; computed in float32.

        Raises:
            DataError: the output does not fit the classes, the input size or the metas, or holds NaN or infinity.
        """
        rows = np.asarray(outputs[0])
        if rows.ndim != 3 or rows.shape[2] != 5 + self.classes:
            raise DataError(
                f"the network gave an output of {list(rows.shape)}, expected [N, cells, {5 + self.classes}] for "
                f"{self.classes} classes. Is this the checkpoint of another variant?"
            )
        if len(rows) != len(metas):
            raise DataError(f"the network gave {len(rows)} rows for {len(metas)} samples.")
        return [self._one(row.astype(np.float32), meta) for row, meta in zip(rows, metas, strict=True)]

    def _one(self, rows: np.ndarray, meta: Placed) -> Detections:
        if not np.isfinite(rows).all():
            raise DataError("the network gave NaN or infinity. In float16 this is often an overflow: try float32.")
        probabilities = rows[:, 5:]
        classes = probabilities.argmax(axis=1)
        scores = rows[:, 4] * probabilities[np.arange(len(rows)), classes]
        corners, strides = grid(*meta.input)
        if len(corners) != len(rows):
            raise DataError(
                f"the network gave {len(rows)} cells, an input of {meta.input[0]} x {meta.input[1]} has {len(corners)}."
            )
        good = np.flatnonzero(scores >= self.score)
        own = rows[good, :4]
        boxes = from_centres(own) if self.decoded else decode(own, corners[good], strides[good])
        boxes /= np.float32(meta.scale)
        kept = batched_nms(boxes, scores[good], classes[good], self.nms_iou)[: self.most]
        return Detections(boxes[kept], scores[good][kept], classes[good][kept], meta.size)


def grid(height: int, width: int, strides: Sequence[int] = STRIDES) -> tuple[np.ndarray, np.ndarray]:
    """The cells of an input, in the order of the network's rows: stride after stride, each row by row.

    Returns:
        (float32 [cells, 2]: column and row of each cell in its own map; float32 [cells, 1]: its stride in pixels).
    """
    corners, sizes = [], []
    for stride in strides:
        rows, columns = np.mgrid[: height // stride, : width // stride]
        corners.append(np.stack([columns.ravel(), rows.ravel()], axis=1))
        sizes.append(np.full((rows.size, 1), stride))
    return np.concatenate(corners).astype(np.float32), np.concatenate(sizes).astype(np.float32)


def decode(raw: np.ndarray, corners: np.ndarray, strides: np.ndarray) -> np.ndarray:
    """Raw boxes to pixels of the input: the centre is (cell + offset) * stride, the size is exp(raw) * stride.

    Args:
        raw: float32 [N, 4]: offset x, y, logarithm of width, height; logarithms above 10 count as 10.
        corners, strides: as `grid` gives them, [N, 2] and [N, 1].

    Returns:
        float32 [N, 4], (left, top, right, bottom).
    """
    sizes = np.exp(np.minimum(raw[:, 2:], LARGEST)) * strides
    return from_centres(np.concatenate([(raw[:, :2] + corners) * strides, sizes], axis=1))
