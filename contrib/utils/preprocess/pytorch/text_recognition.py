"""Preprocessing of word readers: a fixed height, the width in proportion, values -1 to 1.

Equal to the aligned batches of deep-text-recognition-benchmark (grey, ratio kept, bicubic, (x - 0.5) / 0.5), but for
what stands behind the picture: a width of its own for each word takes the place of filling by repeated pixels. Beside
it the steps of EasyOCR for a picture that is one word.
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


@dataclass(frozen=True)
class StretchedWord(WordTransform):
    """One picture to float32 [channels, height, max_width]: whatever its proportions, it is stretched to this size.

    Attributes:
        mean, deviation: a number a channel, for values from 0 to 1: three for RGB, one for luma.
        smooth: whether it is scaled bilinearly; else bicubically.
    """

    height: int = 32
    max_width: int = 100
    mean: tuple[float, ...] = (0.5,)
    deviation: tuple[float, ...] = (0.5,)
    smooth: bool = False

    def __call__(self, source: ImageSource) -> tuple[np.ndarray, int]:
        image = load_rgb(source)
        if len(self.mean) == 1:
            image = image.convert("L")
        array = np.empty((len(self.mean), self.height, self.max_width), np.float32)
        resample = Image.Resampling.BILINEAR if self.smooth else Image.Resampling.BICUBIC
        table = lookup_table(self.mean, self.deviation, "float32")
        to_planes(image.resize((self.max_width, self.height), resample), table, array)
        return array, self.max_width

    def width_of(self, size: tuple[int, int]) -> int:
        return self.max_width

    def limited(self, max_width: int) -> "StretchedWord":
        """The same for its own width; DataError for any other."""
        if max_width != self.max_width:
            raise DataError(f"input size {max_width}: this network takes {self.height} x {self.max_width} pixels only.")
        return self

    def source_identity(self) -> str:
        return f"{codecs()}, {'bilinear' if self.smooth else 'bicubic'}, stretched to {self.height} x {self.max_width}"


@dataclass(frozen=True)
class EasyOcrTransform(WordTransform):
    """As EasyOCR reads a picture of one word: OpenCV's grey, scaled twice, filled up by its last column.

    First bilinearly by OpenCV, so that the shorter side has `height` pixels and the longer one is cut to whole ones;
    then bicubically by Pillow, which changes only words that are higher than wide. The width of the result is `height`
    times the ratio of longer and shorter side, rounded up to a whole number.
    """

    def __call__(self, source: ImageSource) -> tuple[np.ndarray, int]:
        import cv2

        pixels = cv2.cvtColor(np.asarray(load_rgb(source, "opencv")), cv2.COLOR_RGB2GRAY)
        height, width = pixels.shape
        longer = int(self.height * _ratio((width, height)))
        scaled = cv2.resize(pixels, (longer, self.height) if width >= height else (self.height, longer))
        room = self.width_of((width, height))
        own = min(math.ceil(self.height * scaled.shape[1] / scaled.shape[0]), room)
        word = Image.fromarray(scaled).resize((own, self.height), Image.Resampling.BICUBIC)
        array = np.empty((1, self.height, room), np.float32)
        to_planes(word, lookup_table((0.5,), (0.5,), "float32"), array[:, :, :own])
        array[:, :, own:] = array[:, :, own - 1 : own]
        return array, room

    def width_of(self, size: tuple[int, int]) -> int:
        return min(self.height * math.ceil(_ratio(size)), self.max_width)

    def source_identity(self) -> str:
        import cv2

        return f"{super().source_identity()}, as EasyOCR, OpenCV {cv2.__version__}"


def _ratio(size: tuple[int, int]) -> float:
    """How many times longer the longer side is than the shorter one."""
    return max(size) / min(size)
