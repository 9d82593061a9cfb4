"""Postprocessing of CenterFace: four maps to boxes and landmarks in the picture's own pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.boxes import LARGEST, nms
from utils.preprocess.fit import Fit
from zoo_core.errors import DataError

STRIDE = 4
CHANNELS = {"heatmap": 1, "scale": 2, "offset": 2, "landmarks": 10}


@dataclass(frozen=True)
class FoundFaces:
    """What was found in one picture, best first.

    Attributes:
        boxes: float32 [K, 4], (left, top, right, bottom) in pixels of the picture, cut at its edges.
        scores: float32 [K], 0 to 1.
        landmarks: float32 [K, 5, 2], x and y in pixels of the picture: eye, eye, nose, mouth, mouth, those on the
            picture's left first. They may lie outside of it. [K, 0, 2] from a network that finds none.
        size: (width, height) of the picture in pixels.
    """

    boxes: np.ndarray
    scores: np.ndarray
    landmarks: np.ndarray
    size: tuple[int, int]

    def above(self, score: float) -> "FoundFaces":
        """Those with at least this score."""
        good = self.scores >= score
        return FoundFaces(self.boxes[good], self.scores[good], self.landmarks[good], self.size)


@dataclass(frozen=True)
class FaceLimits:
    """Which faces a decoder keeps.

    Attributes:
        score: the least score that counts. Low, so that a metric sees the whole curve.
        nms_iou: the largest IoU that two faces may have.
        most: the most faces that are kept for a picture.
    """

    score: float = 0.05
    nms_iou: float = 0.3
    most: int = 1000


@dataclass(frozen=True)
class CenterFaceDecoder(FaceLimits):
    """Maps to faces, as the authors of CenterFace publish it: score threshold, decoding, non-maximum suppression."""

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Fit]) -> list[FoundFaces]:
        """Decode a batch.

        Args:
            outputs: heatmap [N, 1, H, W], scale [N, 2, H, W], offset [N, 2, H, W] and landmarks [N, 10, H, W], any
                float dtype; H and W are a quarter of the input's.
            metas: where each of the N pictures lies in its input.

        Returns:
            N results, in the order of the samples; computed in float32.

        Raises:
            DataError: the outputs do not fit each other or the metas, or are not finite.
        """
        maps = [np.asarray(output, np.float32) for output in outputs]
        self._require(maps, len(metas))
        return [self._one([one[row] for one in maps], fit) for row, fit in enumerate(metas)]

    def _require(self, maps: Sequence[np.ndarray], samples: int) -> None:
        got = [list(one.shape) for one in maps]
        names = ", ".join(f"{name} [N, {count}, H, W]" for name, count in CHANNELS.items())
        if [shape[1:2] for shape in got] != [[count] for count in CHANNELS.values()]:
            raise DataError(f"the network gave outputs of {got}, expected {names}. Is this another model's checkpoint?")
        if len({(shape[0], *shape[2:]) for shape in got}) != 1 or got[0][0] != samples:
            raise DataError(f"the network gave outputs of {got} for {samples} samples, expected {names}.")
        if not all(np.isfinite(one).all() for one in maps):
            raise DataError("the network gave NaN or infinity. In float16 this is often an overflow: try float32.")

    def _one(self, maps: Sequence[np.ndarray], fit: Fit) -> FoundFaces:
        heatmap, scale, offset, landmarks = maps
        rows, columns = np.nonzero(heatmap[0] >= self.score)
        scores = heatmap[0, rows, columns]
        sizes = np.exp(np.minimum(scale[::-1, rows, columns].T, LARGEST)) * STRIDE  # width, height
        cells = np.stack([columns, rows], axis=1).astype(np.float32)
        centres = (cells + offset[::-1, rows, columns].T + 0.5) * STRIDE
        corners = centres - sizes / 2
        points = landmarks[:, rows, columns].T.reshape(-1, 5, 2)[:, :, ::-1] * sizes[:, None] + corners[:, None]
        boxes = np.stack([corners, corners + sizes], axis=1).clip(0, fit.size)
        kept = nms(boxes.reshape(-1, 4), scores, self.nms_iou)[: self.most]
        return FoundFaces(
            fit.to_original(boxes[kept]).astype(np.float32).reshape(-1, 4),
            scores[kept],
            fit.to_original(points[kept]).astype(np.float32),
            fit.original,
        )
