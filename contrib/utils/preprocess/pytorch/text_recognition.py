"""Preprocessing of word readers: grey, a fixed height, the width in proportion, values -1 to 1.

Equal to the aligned batches of deep-text-recognition-benchmark (ratio kept, bicubic, (x - 0.5) / 0.5), but for what
stands behind the picture: a width of its own for each word takes the place of filling by repeated pixels.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from utils.preprocess.image import ImageSource, codecs, load_rgb, load_size, to_planes
from utils.preprocess.pytorch.classification import lookup_table
from zoo_core.errors import DataError

MIN_WIDTH = 8


@dataclass(frozen=True)
class WordTransform:
    """One picture of a word to float32 [1, height, width], 0 … 255 of its luma shifted to -1 … 1.

    Attributes:
        height: of the result, in pixels.
        max_width: of the result, in pixels; longer words are squeezed to it.
    """

    height: int = 32
    max_width: int = 320

    def __post_init__(self) -> None:
        if self.height < 1 or self.max_width < MIN_WIDTH:
            raise DataError(
                f"words of {self.height} x up to {self.max_width} pixels: the width is at least {MIN_WIDTH}."
            )

    def __call__(self, source: ImageSource) -> tuple[np.ndarray, int]:
        """(float32 [1, height, width], width).

        Raises:
            DataError: the image cannot be read (see `load_rgb`).
        """
        image = load_rgb(source).convert("L")
        width = self.width_of(image.size)
        array = np.empty((1, self.height, width), np.float32)
        table = lookup_table((0.5,), (0.5,), "float32")
        to_planes(image.resize((width, self.height), Image.Resampling.BICUBIC), table, array)
        return array, width

    def width_of(self, size: tuple[int, int]) -> int:
        """The width of the result for a picture of (width, height) pixels."""
        return min(max(math.ceil(self.height * size[0] / size[1]), MIN_WIDTH), self.max_width)

    def length(self, source: Any) -> int:
        """The same from the header of an image file, without decoding it; DataError as for a call."""
        return self.width_of(load_size(source))

    def source_identity(self) -> str:
        """What decodes and scales, with versions: two results with the same identity saw the same pixels."""
        return f"{codecs()}, bicubic, height {self.height}, width up to {self.max_width}"

    def limited(self, max_width: int) -> "WordTransform":
        """The same with another largest width."""
        return replace(self, max_width=max_width)
