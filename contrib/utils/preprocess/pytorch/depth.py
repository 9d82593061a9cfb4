"""Preprocessing of depth networks: a picture of any size to one whose sides are multiples of a patch."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import PIL
from PIL import Image

from utils.preprocess.fit import Fit
from utils.preprocess.image import ImageSource, load_rgb, to_planes
from utils.preprocess.pytorch.classification import lookup_table


@dataclass(frozen=True)
class PatchedSide:
    """One picture to an array of its own size, as transformers' image processor of DPT has it (Pillow, bicubic).

    The side that has to be scaled least becomes `side`, proportions are kept, and both sides are rounded to multiples
    of `patch`.

    Attributes:
        side: in pixels.
        patch: pixels of a side of the network's patches.
        mean, std: for red, green and blue, in units of [0, 1].
    """

    side: int
    patch: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __call__(self, source: ImageSource) -> tuple[tuple[np.ndarray, ...], Fit]:
        """Preprocess one picture, given as path, file content as bytes, or PIL image.

        Returns:
            ((float32 array [3, height, width], RGB, normalised),) and its sizes.

        Raises:
            DataError: the picture cannot be read.
        """
        picture = load_rgb(source)
        size = self._size(*picture.size)
        array = np.empty((3, size[1], size[0]), np.float32)
        scaled = picture.resize(size, Image.Resampling.BICUBIC)
        to_planes(scaled, lookup_table(self.mean, self.std, "float32"), array)
        return (array,), Fit(picture.size, size)

    def _size(self, width: int, height: int) -> tuple[int, int]:
        factor = min(self.side / height, self.side / width, key=lambda one: abs(1 - one))
        across, down = (max(round(factor * length / self.patch), 1) * self.patch for length in (width, height))
        return across, down

    def resized(self, side: int) -> PatchedSide:
        """The same for another side."""
        return replace(self, side=side)

    def source_identity(self) -> str:
        """What decodes and scales, with versions."""
        return f"Pillow {PIL.__version__}, bicubic, side {self.side}, multiples of {self.patch}"
