"""What a two-stage detector does beside its graphs: proposals between the stages, boxes of objects behind them.

All of it is what torchvision.models.detection does in eval mode, in numpy.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.anchors import cell_anchors, clipped, decoded, grid_anchors
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


@dataclass(frozen=True)
class Proposer:
    """Maps of scores and offsets to proposals: regions that may hold an object.

    Attributes:
        sizes: of the anchors of each map, in pixels.
        ratios: height over width of the anchors.
        before, after: the most boxes of a map before, and of a picture after, non-maximum suppression.
        score: the least probability of an object.
        nms_iou: the largest IoU of two proposals of one map.
        least_side: in pixels; smaller ones are dropped.
    """

    sizes: tuple[tuple[int, ...], ...]
    ratios: tuple[float, ...] = (0.5, 1.0, 2.0)
    before: int = 1000
    after: int = 1000
    score: float = 0.0
    nms_iou: float = 0.7
    least_side: float = 1e-3

    def __call__(
        self,
        scores: Sequence[np.ndarray],
        deltas: Sequence[np.ndarray],
        sizes: np.ndarray,
        input_size: tuple[int, int],
    ) -> list[np.ndarray]:
        """The proposals of each picture.

        Args:
            scores: for each map, any float [N, A, H, W]: logits of an object for A anchors a cell.
            deltas: for each map, any float [N, 4 * A, H, W].
            sizes: int [N, 2], (height, width) of each picture within the input.
            input_size: (height, width) of the input.

        Returns:
            N arrays float32 [R, 4], best first.

        Raises:
            DataError: NaN or infinity in the maps.
        """
        anchors = [
            grid_anchors(
                cell_anchors(own, self.ratios), one.shape[2], one.shape[3], strides_of(one.shape[2:], input_size)
            )
            for own, one in zip(self.sizes, scores, strict=True)
        ]
        logits = [rows_of(one, 1)[..., 0] for one in scores]
        offsets = [rows_of(one, 4) for one in deltas]
        for one in (*logits, *offsets):
            require_finite(one)
        return [
            self._of_one([one[n] for one in logits], [one[n] for one in offsets], anchors, (int(size[0]), int(size[1])))
            for n, size in enumerate(sizes)
        ]

    def _of_one(
        self,
        logits: Sequence[np.ndarray],
        deltas: Sequence[np.ndarray],
        anchors: Sequence[np.ndarray],
        size: tuple[int, int],
    ) -> np.ndarray:
        best = [np.argsort(-one, kind="stable")[: self.before] for one in logits]
        levels = np.repeat(np.arange(len(best)), [len(one) for one in best])
        scores = sigmoid(np.concatenate([one[chosen] for one, chosen in zip(logits, best, strict=True)]))
        boxes = np.concatenate(
            [
                decoded(offset[chosen][:, None], anchor[chosen], EQUAL)[:, 0]
                for offset, anchor, chosen in zip(deltas, anchors, best, strict=True)
            ]
        )
        boxes = clipped(boxes, size)
        good = np.flatnonzero(_large(boxes, self.least_side) & (scores >= self.score))
        boxes, scores, levels = boxes[good], scores[good], levels[good]
        return boxes[batched_nms(boxes, scores, levels, self.nms_iou)[: self.after]]


@dataclass(frozen=True)
class RegionDecoder:
    """Logits and offsets of regions to objects: decoding, the score threshold, and suppression class by class.

    Attributes:
        classes: the index of each of the network's classes in the data set's; the first is the background. -1: a class
            that the data set does not have.
        weights: of the offsets, x, y, width and height.
        score: the least probability of a class, which is not kept itself.
        nms_iou: the largest IoU of two boxes of a class.
        most: the most objects of a picture.
        least_side: in pixels of the input; smaller boxes are dropped.
    """

    classes: tuple[int, ...]
    weights: tuple[float, float, float, float] = (10.0, 10.0, 5.0, 5.0)
    score: float = 0.05
    nms_iou: float = 0.5
    most: int = 100
    least_side: float = 1e-2

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Scaled]) -> list[Detections]:
        """Decode a batch.

        Args:
            outputs: any float [R, classes], logits; any float [R, 4 * classes], offsets; float32 [R, 4], regions in
                pixels of the input; int [N], how many of the R each picture has.
            metas: where each of the N pictures lies in the input.

        Returns:
            N results, in the order of the samples; computed in float32.

        Raises:
            DataError: the outputs do not fit the classes or the metas, or hold NaN or infinity.
        """
        known = np.array(self.classes, np.int64)
        results = []
        for (boxes, scores, classes), meta in zip(self.in_input(outputs, metas), metas, strict=True):
            chosen = known[classes] >= 0
            scaled = boxes[chosen] * scale_back(meta)
            results.append(Detections(scaled, scores[chosen], known[classes[chosen]], meta.size))
        return results

    def in_input(
        self, outputs: Sequence[np.ndarray], metas: Sequence[Scaled]
    ) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """The objects of each picture as the network knows them, best first.

        Args:
            outputs, metas: as for a call; only `input` of the metas is looked at.

        Returns:
            N tuples: boxes float32 [K, 4] in pixels of the input, scores float32 [K], classes int64 [K] of the network.

        Raises:
            DataError: as a call does.
        """
        logits, deltas, regions, counts = outputs
        wide = len(self.classes)
        if logits.shape[1:] != (wide,) or deltas.shape[1:] != (4 * wide,):
            raise DataError(
                f"the network gave {list(logits.shape)} and {list(deltas.shape)}, expected [regions, {wide}] and "
                f"[regions, {4 * wide}]. Is this the checkpoint of another variant?"
            )
        if len(counts) != len(metas):
            raise DataError(f"the network gave results of {len(counts)} pictures for {len(metas)} samples.")
        require_finite(logits)
        require_finite(deltas)
        scores = softmax(logits.astype(np.float32))
        boxes = decoded(deltas.astype(np.float32).reshape(-1, wide, 4), regions, self.weights)
        ends = np.cumsum(counts)[:-1]
        parts = zip(np.split(scores, ends), np.split(boxes, ends), metas, strict=True)
        return [self._one(*part) for part in parts]

    def _one(self, scores: np.ndarray, boxes: np.ndarray, meta: Scaled) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """scores: [R, classes]. boxes: [R, classes, 4]."""
        rows, classes = np.nonzero(scores[:, 1:] > self.score)
        classes = classes + 1
        found, sure = clipped(boxes[rows, classes], meta.input), scores[rows, classes]
        good = _large(found, self.least_side)
        found, sure, classes = found[good], sure[good], classes[good]
        kept = batched_nms(found, sure, classes, self.nms_iou)[: self.most]
        return found[kept], sure[kept], classes[kept]


def _large(boxes: np.ndarray, least: float) -> np.ndarray:
    sides = boxes[:, 2:] - boxes[:, :2]
    return (sides >= np.float32(least)).all(axis=1)
