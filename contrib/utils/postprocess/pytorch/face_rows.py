"""Postprocessing of UltraFace, RetinaFace and YuNet: a row for each cell or box, to faces in pixels of the picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from utils.boxes import LARGEST, from_centres, nms
from utils.postprocess.pytorch.detection import grid
from utils.postprocess.pytorch.face import FaceLimits, FoundFaces
from utils.preprocess.fit import Fit
from zoo_core.errors import DataError

Sides = tuple[tuple[int, tuple[int, ...]], ...]

# pixels of the boxes that stand for a cell, by stride, and by what the networks' numbers are multiplied
ULTRAFACE: Sides = ((8, (10, 16, 24)), (16, (32, 48)), (32, (64, 96)), (64, (128, 192, 256)))
RETINAFACE: Sides = ((8, (16, 32)), (16, (64, 128)), (32, (256, 512)))
CENTRE, SIZE = 0.1, 0.2


def require_rows(outputs: Sequence[np.ndarray], numbers: dict[str, int], samples: int) -> list[np.ndarray]:
    """The outputs in float32; DataError unless they are [samples, rows, numbers], one a name, and finite."""
    got = [list(np.shape(one)) for one in outputs]
    rows = got[0][1] if got and len(got[0]) == 3 else 0
    if got != [[samples, rows, count] for count in numbers.values()]:
        names = ", ".join(f"{name} [{samples}, rows, {count}]" for name, count in numbers.items())
        raise DataError(f"the network gave outputs of {got}, expected {names}. Is this another model's checkpoint?")
    arrays = [np.asarray(one, np.float32) for one in outputs]
    if not all(np.isfinite(one).all() for one in arrays):
        raise DataError("the network gave NaN or infinity. In float16 this is often an overflow: try float32.")
    return arrays


def _best(boxes: np.ndarray, scores: np.ndarray, points: np.ndarray, fit: Fit, nms_iou: float, most: int) -> FoundFaces:
    """What non-maximum suppression leaves of boxes in pixels of the input, in pixels of the picture."""
    boxes = boxes.reshape(-1, 2, 2).clip(0, fit.size)
    kept = nms(boxes.reshape(-1, 4), scores, nms_iou)[:most]
    return FoundFaces(
        fit.to_original(boxes[kept]).astype(np.float32).reshape(-1, 4),
        scores[kept],
        fit.to_original(points[kept]).astype(np.float32),
        fit.original,
    )


@dataclass(frozen=True)
class UltraFaceDecoder(FaceLimits):
    """Boxes relative to those that stand for the cells, to faces without landmarks, as UltraFace's authors have it."""

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Fit]) -> list[FoundFaces]:
        """Decode a batch.

        Args:
            outputs: scores [N, boxes, 2] and boxes [N, boxes, 4], any float dtype.
            metas: how each of the N pictures lies in its input, which it fills.

        Raises:
            DataError: the outputs do not fit each other, the input size or the metas, or are not finite.
        """
        scores, boxes = require_rows(outputs, {"scores": 2, "boxes": 4}, len(metas))
        return [self._one(scores[row, :, 1], boxes[row], fit) for row, fit in enumerate(metas)]

    def _one(self, scores: np.ndarray, raw: np.ndarray, fit: Fit) -> FoundFaces:
        good = np.flatnonzero(scores >= self.score)
        standing = _standing(fit.size, ULTRAFACE, len(scores))[good]
        boxes = _moved(standing, raw[good])
        return _best(boxes, scores[good], np.zeros((len(good), 0, 2)), fit, self.nms_iou, self.most)


@dataclass(frozen=True)
class RetinaFaceDecoder(FaceLimits):
    """Boxes and five points relative to those that stand for the cells, to faces, as RetinaFace's authors have it."""

    score: float = 0.02
    nms_iou: float = 0.4
    most: int = 750
    first: int = 5000  # of the best scores, which alone are compared with each other

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Fit]) -> list[FoundFaces]:
        """Decode a batch.

        Args:
            outputs: boxes [N, boxes, 4], scores [N, boxes, 2] and landmarks [N, boxes, 10], any float dtype.
            metas: how each of the N pictures lies in its input, a square that it just fits into.

        Raises:
            DataError: the outputs do not fit each other, the input size or the metas, or are not finite.
        """
        boxes, scores, points = require_rows(outputs, {"boxes": 4, "scores": 2, "landmarks": 10}, len(metas))
        return [self._one(boxes[row], scores[row, :, 1], points[row], fit) for row, fit in enumerate(metas)]

    def _one(self, raw: np.ndarray, scores: np.ndarray, places: np.ndarray, fit: Fit) -> FoundFaces:
        side = max(fit.size)
        good = np.flatnonzero(scores >= self.score)
        good = good[np.argsort(-scores[good], kind="stable")[: self.first]]
        standing = _standing((side, side), RETINAFACE, len(scores))[good]
        points = standing[:, None, :2] + places[good].reshape(-1, 5, 2) * CENTRE * standing[:, None, 2:]
        return _best(_moved(standing, raw[good]), scores[good], points, fit, self.nms_iou, self.most)


def _standing(size: tuple[int, int], kind: Sides, count: int) -> np.ndarray:
    """The boxes that stand for the cells of an input of (width, height); DataError unless there are `count`."""
    standing = standing_boxes(*size, kind)
    if len(standing) != count:
        raise DataError(f"the network gave {count} boxes, an input of {size} has {len(standing)}.")
    return standing


def _moved(standing: np.ndarray, raw: np.ndarray) -> np.ndarray:
    """[K, 4]: left, top, right, bottom of the boxes that the network's numbers make of those that stand for cells."""
    centres = standing[:, :2] + raw[:, :2] * CENTRE * standing[:, 2:]
    sizes = standing[:, 2:] * np.exp(np.minimum(raw[:, 2:] * SIZE, LARGEST))
    return from_centres(np.concatenate([centres, sizes], axis=1))


@lru_cache(maxsize=8)
def standing_boxes(width: int, height: int, kind: Sides = ULTRAFACE) -> np.ndarray:
    """float32 [boxes, 4]: centre x, y, width, height in pixels of the boxes that a network's are relative to.

    The cells of a map share the picture evenly, also where its sides are no multiples of the stride.
    """
    levels = []
    for stride, sides in kind:
        rows, columns = -(-height // stride), -(-width // stride)
        y, x = (np.mgrid[:rows, :columns] + 0.5) * np.array([height / rows, width / columns])[:, None, None]
        cells = [np.stack([x, y, np.full_like(x, side), np.full_like(x, side)], axis=-1) for side in sides]
        levels.append(np.stack(cells, axis=2).reshape(-1, 4))
    return np.concatenate(levels).astype(np.float32)


@dataclass(frozen=True)
class YuNetDecoder(FaceLimits):
    """Cells to faces with five landmarks, as YuNet's authors have it: a score is the root of both probabilities."""

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Fit]) -> list[FoundFaces]:
        """Decode a batch.

        Args:
            outputs: cls and obj [N, cells, 1], bbox [N, cells, 4] and kps [N, cells, 10], any float dtype.
            metas: how each of the N pictures lies in its input, a square that it just fits into.

        Raises:
            DataError: the outputs do not fit each other, the input size or the metas, or are not finite.
        """
        arrays = require_rows(outputs, {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}, len(metas))
        for fit in metas:
            side = max(fit.size)
            corners, strides = grid(side, side)
            if arrays[0].shape[1] != len(corners):
                raise DataError(
                    f"the network gave {arrays[0].shape[1]} cells, an input of {side} x {side} has {len(corners)}."
                )
        return [self._one([one[row] for one in arrays], corners, strides, fit) for row, fit in enumerate(metas)]

    def _one(self, rows: list[np.ndarray], corners: np.ndarray, strides: np.ndarray, fit: Fit) -> FoundFaces:
        scores = np.sqrt(rows[0] * rows[1])[:, 0]
        good = np.flatnonzero(scores >= self.score)
        raw, corners, strides = rows[2][good], corners[good], strides[good]
        sizes = np.exp(np.minimum(raw[:, 2:], LARGEST)) * strides
        boxes = from_centres(np.concatenate([(corners + raw[:, :2]) * strides, sizes], axis=1))
        points = (rows[3][good].reshape(-1, 5, 2) + corners[:, None]) * strides[:, None]
        return _best(boxes, scores[good], points, fit, self.nms_iou, self.most)
