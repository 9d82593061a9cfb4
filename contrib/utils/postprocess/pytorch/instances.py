"""Masks of objects, as Mask R-CNN gives them: small ones of their boxes, to pixels of the picture. numpy only.

Source: He et al., Mask R-CNN, 2017; every rounding is that of torchvision's `paste_masks_in_image`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from utils.postprocess.pytorch.anchored import require_finite, scale_back
from utils.postprocess.pytorch.detection import Detections
from utils.preprocess.pytorch.rcnn import bilinear
from utils.preprocess.pytorch.scaled import Scaled
from zoo_core.errors import DataError

POOLED, CELLS = 14, 28  # cells of a region whose mask is asked for, and of the mask
THRESHOLD = 0.5  # of the probability that a pixel belongs to an object
_BORDER = 1  # cells around a mask that count as 0


class Mask(NamedTuple):
    """The pixels of an object.

    Attributes:
        left, top: where `pixels` lie in the picture.
        pixels: bool [height, width], within the picture; may be empty.
    """

    left: int
    top: int
    pixels: np.ndarray

    def whole(self, size: tuple[int, int]) -> np.ndarray:
        """bool [H, W] for a picture of `size`, (width, height)."""
        mask = np.zeros((size[1], size[0]), bool)
        height, width = self.pixels.shape
        mask[self.top : self.top + height, self.left : self.left + width] = self.pixels
        return mask


@dataclass(frozen=True)
class Instances:
    """The objects of a picture, best first, and the mask of each."""

    found: Detections
    masks: tuple[Mask, ...]

    def above(self, score: float) -> Instances:
        """Those with at least this score."""
        chosen = np.flatnonzero(self.found.scores >= score)
        return Instances(self.found.above(score), tuple(self.masks[place] for place in chosen))


@dataclass(frozen=True)
class InstanceDecoder:
    """Boxes and masks of objects in pixels of their pictures.

    Attributes:
        classes: the index of each of the network's classes in the data set's; the first is the background. -1: a class
            that the data set does not have.
    """

    classes: tuple[int, ...]

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Scaled]) -> list[Instances]:
        """Decode a batch.

        Args:
            outputs: float32 [K, 4], boxes in pixels of the input; float32 [K], scores; int64 [K], the network's
                classes; float32 [K, S, S], the probability that each cell of a box belongs to the object; int64 [N],
                how many of the K each picture has.
            metas: where each of the N pictures lies in the input.

        Returns:
            N results, in the order of the samples.

        Raises:
            DataError: there are results for other pictures, or they hold NaN or infinity.
        """
        *columns, counts = outputs
        if len(counts) != len(metas):
            raise DataError(f"the network gave results of {len(counts)} pictures for {len(metas)} samples.")
        require_finite(columns[-1])
        ends = np.cumsum(counts)[:-1]
        rows = zip(*(np.split(column, ends) for column in columns), metas, strict=True)
        return [self._one(*row) for row in rows]

    def _one(
        self, boxes: np.ndarray, scores: np.ndarray, classes: np.ndarray, masks: np.ndarray, meta: Scaled
    ) -> Instances:
        known = np.array(self.classes, np.int64)[classes]
        boxes, scores, masks = boxes[known >= 0] * scale_back(meta), scores[known >= 0], masks[known >= 0]
        found = Detections(boxes, scores, known[known >= 0], meta.size)
        return Instances(found, tuple(pasted(mask, box, meta.size) for mask, box in zip(masks, boxes, strict=True)))


def chosen_masks(logits: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Of masks of every class, any float [K, classes, S, S], those of each object's own class: float32 [K, S, S], 0 to
    1."""
    own = logits[np.arange(len(classes)), classes].astype(np.float32)
    return 1 / (1 + np.exp(-own))


def pasted(mask: np.ndarray, box: np.ndarray, size: tuple[int, int]) -> Mask:
    """The pixels of a picture that a mask has.

    Args:
        mask: float32 [S, S], probabilities of the cells of the box.
        box: float32 [4], (left, top, right, bottom) in pixels of the picture.
        size: (width, height) of the picture.
    """
    side = len(mask) + 2 * _BORDER
    padded = np.zeros((side, side), np.float32)
    padded[_BORDER:-_BORDER, _BORDER:-_BORDER] = mask
    left, top, right, bottom = _widened(box, np.float32(side / len(mask)))
    wide, high = max(right - left + 1, 1), max(bottom - top + 1, 1)
    first_x, last_x = max(left, 0), min(right + 1, size[0])
    first_y, last_y = max(top, 0), min(bottom + 1, size[1])
    if last_x <= first_x or last_y <= first_y:
        return Mask(0, 0, np.zeros((0, 0), bool))
    scaled = bilinear(padded[..., None], high, wide)[..., 0]
    inside = scaled[first_y - top : last_y - top, first_x - left : last_x - left]
    return Mask(first_x, first_y, inside > THRESHOLD)


def _widened(box: np.ndarray, scale: np.float32) -> list[int]:
    """The box around the same middle, `scale` times as large, in whole pixels."""
    half = (box[2:] - box[:2]) * np.float32(0.5) * scale
    middle = (box[2:] + box[:2]) * np.float32(0.5)
    return [int(side) for side in np.concatenate([middle - half, middle + half])]
