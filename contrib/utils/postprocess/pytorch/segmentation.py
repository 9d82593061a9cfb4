"""Postprocessing of segmentation: logits to a class for each pixel of the original picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from utils.preprocess.fit import Fit
from zoo_core.errors import DataError


@dataclass(frozen=True)
class Segments:
    """The class of each pixel of one picture.

    Attributes:
        mask: uint8 [H, W], class indices, in the original picture's size.
        counts: int64 [classes], pixels of each class.
    """

    mask: np.ndarray
    counts: np.ndarray

    def shares(self) -> list[tuple[int, float]]:
        """(class, its share of the picture) of all classes that occur, the largest first."""
        order = np.argsort(-self.counts, kind="stable")
        return [(int(index), float(self.counts[index] / self.mask.size)) for index in order if self.counts[index]]


@dataclass(frozen=True)
class Segmenter:
    """Logits to masks: the picture's part is cut out, scaled to the original's size, and the best class taken.

    Logits are scaled, not classes: so edges stay smooth. Bilinear, as torch's interpolate (align_corners=False,
    antialias=True) does it.

    Attributes:
        classes: how many there are, 255 at most.
    """

    classes: int

    def __call__(self, outputs: Sequence[np.ndarray], metas: Sequence[Fit]) -> list[Segments]:
        """Decode a batch.

        Args:
            outputs: the network's outputs; the first, [N, classes, H, W] in any float dtype, holds the logits.
            metas: where each of the N pictures lies in its input, which has the outputs' H and W.

        Returns:
            N results, in the order of the samples; computed in float32.

        Raises:
            DataError: the output does not fit the classes or the metas, or holds NaN or infinity.
        """
        logits = np.asarray(outputs[0])
        if logits.ndim != 4 or logits.shape[1] != self.classes:
            raise DataError(
                f"the network gave an output of {list(logits.shape)}, expected [N, {self.classes}, H, W] for "
                f"{self.classes} classes. Is this the checkpoint of another model?"
            )
        if len(logits) != len(metas):
            raise DataError(f"the network gave {len(logits)} rows for {len(metas)} samples.")
        return [self._one(rows, fit) for rows, fit in zip(logits, metas, strict=True)]

    def _one(self, logits: np.ndarray, fit: Fit) -> Segments:
        width, height = fit.size
        # one class at a time: all of them together may be large, for a picture of many megapixels
        best = np.full(fit.original[::-1], -np.inf, np.float32)
        mask = np.zeros(fit.original[::-1], np.uint8)
        for index, plane in enumerate(logits[:, :height, :width]):
            values = np.ascontiguousarray(plane, np.float32)
            if not np.isfinite(values).all():
                raise DataError(
                    "the network gave NaN or infinity. In float16 this is often an overflow: try --dtype float32."
                )
            scaled = values
            if fit.size != fit.original:
                scaled = np.asarray(Image.fromarray(values).resize(fit.original, Image.Resampling.BILINEAR))
            better = scaled > best
            best[better] = scaled[better]
            mask[better] = index
        return Segments(mask, np.bincount(mask.ravel(), minlength=self.classes))


def run_lengths(mask: np.ndarray) -> list[int]:
    """bool [H, W] to COCO's uncompressed run lengths: column by column, zeros first, then ones, and so on."""
    flat = mask.ravel(order="F")
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    lengths = np.diff(np.concatenate([[0], edges, [len(flat)]])).tolist()
    return [0, *lengths] if flat[0] else lengths
