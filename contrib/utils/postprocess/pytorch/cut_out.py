"""Masks of what was pointed at, as SAM gives them, to the picture's own pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from utils.postprocess.pytorch.anchored import require_finite
from utils.preprocess.pytorch.rcnn import bilinear
from utils.preprocess.pytorch.scaled import Scaled
from zoo_core.errors import DataError


@dataclass(frozen=True)
class CutOut:
    """What was cut out.

    Attributes:
        mask: bool [H, W], of the picture's size.
        score: the IoU with the object that the network expects, about 0 to 1.
    """

    mask: np.ndarray
    score: float

    def box(self) -> tuple[int, int, int, int]:
        """(left, top, right, bottom) in pixels around the mask; zeros where it is empty."""
        rows, columns = np.flatnonzero(self.mask.any(1)), np.flatnonzero(self.mask.any(0))
        if not len(rows):
            return 0, 0, 0, 0
        return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


@dataclass(frozen=True)
class CutOutDecoder:
    """The best of the masks of a prompt, enlarged to the input, cut to the picture and scaled to its size.

    Attributes:
        side: of the input in pixels.
    """

    side: int

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Scaled]) -> list[CutOut]:
        """Decode a batch.

        Args:
            outputs: any float [N, M, h, w], logits of M masks; any float [N, M], the IoU that is expected of each.
            metas: where each of the N pictures lies in its input.

        Returns:
            N results, in the order of the samples; computed in float32.

        Raises:
            DataError: the outputs do not fit each other or the metas, or hold NaN or infinity.
        """
        masks, scores = outputs
        if masks.ndim != 4 or scores.shape != masks.shape[:2] or len(masks) != len(metas):
            raise DataError(
                f"the network gave {list(masks.shape)} and {list(scores.shape)}, expected [{len(metas)}, masks, H, W] "
                f"and [{len(metas)}, masks]. Is this the checkpoint of another variant?"
            )
        require_finite(masks)
        require_finite(scores)
        return [self._one(*row) for row in zip(masks, scores, metas, strict=True)]

    def _one(self, masks: np.ndarray, scores: np.ndarray, meta: Scaled) -> CutOut:
        best = int(scores.argmax())
        wide = bilinear(masks[best].astype(np.float32)[..., None], self.side, self.side)
        own = bilinear(wide[: meta.input[0], : meta.input[1]], meta.size[1], meta.size[0])
        return CutOut(own[..., 0] > 0, float(scores[best]))
