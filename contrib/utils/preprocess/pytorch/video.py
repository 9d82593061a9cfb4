"""Preprocessing of video classifiers, as torchvision's preset does it, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.preprocess.clip import read_clip
from utils.preprocess.pytorch.rcnn import bilinear
from utils.preprocess.pytorch.scaled import normal
from zoo_core.errors import DataError

MEAN, STD = (0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989)


@dataclass(frozen=True)
class ClipTransform:
    """A clip to the array that a network takes: frames evenly over it, scaled, their middle cut out, RGB, normalised.

    Attributes:
        frames: how many.
        height, width: to which each is scaled, whatever its proportions (bilinear, not antialiased), in pixels.
        crop: side of the square that is cut out of the middle.
    """

    frames: int
    height: int
    width: int
    crop: int

    def __call__(self, source: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], None]:
        """Preprocess one clip.

        Args:
            source: what `utils.preprocess.clip.read_clip` takes.
            out: where to write: a tuple of one float array [3, frames, crop, crop]. Left out, a float32 array is made.

        Returns:
            ((array [3, frames, crop, crop],), None).

        Raises:
            DataError: the clip cannot be read.
        """
        top, left = round((self.height - self.crop) / 2), round((self.width - self.crop) / 2)
        array = np.empty((3, self.frames, self.crop, self.crop), np.float32) if out is None else out[0]
        for number, frame in enumerate(read_clip(source, self.frames)):
            scaled = np.rint(bilinear(np.asarray(frame, np.float32), self.height, self.width))
            shown = scaled[top : top + self.crop, left : left + self.crop] / np.float32(255)
            array[:, number] = normal(shown, MEAN, STD).transpose(2, 0, 1)
        return (array,), None

    def resized(self, size: int) -> ClipTransform:
        """The same for its own size; DataError for any other."""
        if size != self.crop:
            raise DataError(f"input size {size}: this network takes frames of {self.crop} x {self.crop}.")
        return self

    def source_identity(self) -> str:
        """What decodes and scales, with versions: two results with the same identity saw the same pixels."""
        import PIL

        return f"Pillow {PIL.__version__}, {self.frames} frames scaled to {self.width} x {self.height} as torch scales"
