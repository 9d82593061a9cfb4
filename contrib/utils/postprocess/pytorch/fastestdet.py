"""Postprocessing of FastestDet: one map to boxes in the picture's own pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.boxes import batched_nms, from_centres
from utils.postprocess.pytorch.detection import Detections
from utils.preprocess.fit import Fit
from zoo_core.errors import DataError

OBJECT, CLASS = 0.6, 0.4  # exponents of the two probabilities in a score


@dataclass(frozen=True)
class FastestDetDecoder:
    """A map to boxes, in the layout of FastestDet.

    A cell's box has its centre at cell + tanh(x, y), and sigmoid(width, height) as its share of the picture. Its score
    is objectness^0.6 * probability^0.4 of the best class, and boxes are cut at the picture's edge: both were chosen
    here, on pictures of COCO, as versions of the authors' code differ.

    Attributes:
        classes: how many there are.
        score: the least score that is kept; 0.001 in the authors' evaluation.
        nms_iou: the largest IoU that two boxes of one class may have.
        most: the most boxes that are kept for a picture; COCO's evaluation looks at 100.
    """

    classes: int
    score: float = 0.001
    nms_iou: float = 0.45
    most: int = 100

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Fit]) -> list[Detections]:
        """Decode a batch.

        Args:
            outputs: the network's output, [N, 1 + 4 + classes, H, W] in any float dtype: probability of an object, raw
                box, probabilities of the classes.
            metas: how each of the N pictures lies in its input.

        Returns:
            N results, in the order of the samples; computed in float32.

        Raises:
            DataError: the output does not fit the classes or the metas, or holds NaN or infinity.
        """
        maps = np.asarray(outputs[0], np.float32)
        if maps.ndim != 4 or maps.shape[1] != 5 + self.classes or len(maps) != len(metas):
            raise DataError(
                f"the network gave an output of {list(maps.shape)} for {len(metas)} samples, expected "
                f"[{len(metas)}, {5 + self.classes}, H, W] for {self.classes} classes."
            )
        if not np.isfinite(maps).all():
            raise DataError("the network gave NaN or infinity. In float16 this is often an overflow: try float32.")
        return [self._one(one, fit) for one, fit in zip(maps, metas, strict=True)]

    def _one(self, found: np.ndarray, fit: Fit) -> Detections:
        height, width = found.shape[1:]
        classes = found[5:].argmax(axis=0)
        scores = found[0] ** OBJECT * found[5:].max(axis=0) ** CLASS
        rows, columns = np.nonzero(scores >= self.score)
        raw = found[1:5, rows, columns].T
        sizes = 1 / (1 + np.exp(-np.clip(raw[:, 2:], -80, 80)))
        centres = (np.tanh(raw[:, :2]) + np.stack([columns, rows], axis=1)) / (width, height)
        shares = from_centres(np.concatenate([centres, sizes], axis=1)).clip(0, 1)
        boxes = (shares * (fit.original * 2)).astype(np.float32)
        kept = batched_nms(boxes, scores[rows, columns], classes[rows, columns], self.nms_iou)[: self.most]
        rows, columns = rows[kept], columns[kept]
        return Detections(boxes[kept], scores[rows, columns], classes[rows, columns], fit.original)
