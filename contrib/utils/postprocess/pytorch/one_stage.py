"""What a one-stage detector with anchors does behind its graph: boxes of objects.

All of it is what torchvision.models.detection does in eval mode (RetinaNet, SSD), in numpy.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.anchors import DefaultBoxes, cell_anchors, clipped, decoded, grid_anchors
from utils.boxes import batched_nms
from utils.postprocess.pytorch.anchored import (
    EQUAL,
    require_finite,
    rows_of,
    scale_back,
    sigmoid,
    softmax,
    strides_of,
)
from utils.postprocess.pytorch.detection import Detections
from utils.preprocess.pytorch.scaled import Scaled
from zoo_core.errors import DataError

Found = tuple[np.ndarray, np.ndarray, np.ndarray]  # boxes [R, 4], scores [R], classes [R]


@dataclass(frozen=True)
class PyramidDecoder:
    """Maps of logits and offsets to objects, as RetinaNet does it: each class of an anchor is a candidate by itself.

    Attributes:
        classes: the index of each of the network's classes in the data set's; -1: the data set does not have it.
        sizes: of the anchors of each map, in pixels.
        ratios: height over width of the anchors.
        first_stride: pixels of the input for a cell of the finest map.
        score: the least probability of a class, which is not kept itself.
        nms_iou: the largest IoU of two boxes of a class.
        candidates: the most of a map before non-maximum suppression.
        most: the most objects of a picture.
    """

    classes: tuple[int, ...]
    sizes: tuple[tuple[int, ...], ...]
    ratios: tuple[float, ...] = (0.5, 1.0, 2.0)
    first_stride: int = 8
    score: float = 0.05
    nms_iou: float = 0.5
    candidates: int = 1000
    most: int = 300

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Scaled]) -> list[Detections]:
        """Decode a batch.

        Args:
            outputs: any float; for each map [N, A * classes, H, W], logits of A anchors a cell, and then for each map
                [N, A * 4, H, W], offsets.
            metas: where each of the N pictures lies in the input.

        Returns:
            N results, in the order of the samples; computed in float32.

        Raises:
            DataError: the outputs do not fit the classes or the metas, or hold NaN or infinity.
        """
        levels = len(self.sizes)
        if len(outputs) != 2 * levels or len(outputs[0]) != len(metas):
            raise DataError(
                f"the network gave {len(outputs)} outputs for {len(outputs[0])} samples, expected "
                f"{2 * levels} for {len(metas)}."
            )
        for number, one in enumerate(outputs):
            self._require_shape(one, len(self.sizes[number % levels]), len(self.classes) if number < levels else 4)
            require_finite(one)
        shapes = [(one.shape[2], one.shape[3]) for one in outputs[:levels]]
        size = (shapes[0][0] * self.first_stride, shapes[0][1] * self.first_stride)
        anchors = [
            grid_anchors(cell_anchors(own, self.ratios), *shape, strides_of(shape, size))
            for own, shape in zip(self.sizes, shapes, strict=True)
        ]
        logits = [rows_of(one, len(self.classes)) for one in outputs[:levels]]
        deltas = [rows_of(one, 4) for one in outputs[levels:]]
        return [
            self._one([one[n] for one in logits], [one[n] for one in deltas], anchors, meta)
            for n, meta in enumerate(metas)
        ]

    def _require_shape(self, maps: np.ndarray, sizes: int, each: int) -> None:
        wanted = sizes * len(self.ratios) * each
        if maps.ndim != 4 or maps.shape[1] != wanted:
            raise DataError(
                f"the network gave a map of {list(maps.shape)}, expected [N, {wanted}, H, W]. Is this the checkpoint "
                "of another variant?"
            )

    def _one(
        self, logits: Sequence[np.ndarray], deltas: Sequence[np.ndarray], anchors: Sequence[np.ndarray], meta: Scaled
    ) -> Detections:
        found = [self._of_map(*one, meta) for one in zip(logits, deltas, anchors, strict=True)]
        return _objects(found, self.classes, self.nms_iou, self.most, meta)

    def _of_map(self, logits: np.ndarray, deltas: np.ndarray, anchors: np.ndarray, meta: Scaled) -> Found:
        scores = sigmoid(logits).ravel()
        good = np.flatnonzero(scores > self.score)
        best = good[np.argsort(-scores[good], kind="stable")[: self.candidates]]
        rows, classes = np.divmod(best, len(self.classes))
        boxes = decoded(deltas[rows][:, None], anchors[rows], EQUAL)[:, 0]
        return clipped(boxes, meta.input), scores[best], classes


@dataclass(frozen=True)
class DefaultBoxDecoder:
    """Logits and offsets of default boxes to objects, as SSD does it: the first class is the background.

    Attributes:
        classes: the index of each of the network's classes in the data set's; -1: the data set does not have it.
        boxes: that the offsets are relative to.
        weights: of the offsets, x, y, width and height.
        score: the least probability of a class, which is not kept itself.
        nms_iou: the largest IoU of two boxes of a class.
        candidates: the most of a class before non-maximum suppression.
        most: the most objects of a picture.
    """

    classes: tuple[int, ...]
    boxes: DefaultBoxes
    weights: tuple[float, float, float, float] = (10.0, 10.0, 5.0, 5.0)
    score: float = 0.01
    nms_iou: float = 0.45
    candidates: int = 400
    most: int = 200

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Scaled]) -> list[Detections]:
        """Decode a batch.

        Args:
            outputs: any float [N, boxes, classes], logits; any float [N, boxes, 4], offsets.
            metas: where each of the N pictures lies in the input.

        Returns:
            N results, in the order of the samples; computed in float32.

        Raises:
            DataError: the outputs do not fit the classes or the metas, or hold NaN or infinity.
        """
        logits, deltas = outputs
        anchors = self.boxes.in_pixels()
        wanted = (len(metas), len(anchors))
        if logits.shape != (*wanted, len(self.classes)) or deltas.shape != (*wanted, 4):
            raise DataError(
                f"the network gave {list(logits.shape)} and {list(deltas.shape)}, expected "
                f"{[*wanted, len(self.classes)]} and {[*wanted, 4]}. Is this the checkpoint of another variant?"
            )
        require_finite(logits)
        require_finite(deltas)
        parts = zip(logits.astype(np.float32), deltas.astype(np.float32), metas, strict=True)
        return [self._one(*part, anchors) for part in parts]

    def _one(self, logits: np.ndarray, deltas: np.ndarray, meta: Scaled, anchors: np.ndarray) -> Detections:
        scores = softmax(logits)
        boxes = clipped(decoded(deltas[:, None], anchors, self.weights)[:, 0], meta.input)
        found = []
        for label in 1 + np.flatnonzero((scores[:, 1:] > self.score).any(axis=0)):
            good = np.flatnonzero(scores[:, label] > self.score)
            best = good[np.argsort(-scores[good, label], kind="stable")[: self.candidates]]
            found.append((boxes[best], scores[best, label], np.full(len(best), label)))
        return _objects(found, self.classes, self.nms_iou, self.most, meta)


def _objects(found: Sequence[Found], classes: tuple[int, ...], nms_iou: float, most: int, meta: Scaled) -> Detections:
    """Candidates, of the whole picture, to the objects of the data set's classes, best first."""
    nothing = (np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int64))
    boxes, scores, labels = (np.concatenate(column) for column in zip(nothing, *found, strict=True))
    kept = batched_nms(boxes, scores, labels, nms_iou)[:most]
    known = np.array(classes, np.int64)[labels[kept]]
    kept, known = kept[known >= 0], known[known >= 0]
    return Detections(boxes[kept] * scale_back(meta), scores[kept], known, meta.size)
