"""Preprocessing of PaddleOCR's networks: blue first, scaled bilinearly by OpenCV."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from utils.preprocess.fit import Fit, require_multiple
from utils.preprocess.image import ImageSource, codecs, load_rgb
from utils.preprocess.pytorch.text_detection import STRIDE
from utils.preprocess.pytorch.text_recognition import WordTransform
from zoo_core.errors import DataError

_STD = np.array([0.229, 0.224, 0.225])
_SCALE = (1 / 255 / _STD).astype(np.float32)
_SHIFT = (-np.array([0.485, 0.456, 0.406]) / _STD).astype(np.float32)


@dataclass(frozen=True)
class PaddleOcrTransform(WordTransform):
    """As PaddleOCR reads a word: float32 [3, height, width], blue first, zeros (grey) behind the picture.

    Attributes:
        least_width: of the result, in pixels; shorter words are filled up to it.
    """

    least_width: int = 320

    def __call__(self, source: ImageSource) -> tuple[np.ndarray, int]:
        import cv2

        pixels = np.asarray(load_rgb(source, "opencv"))[:, :, ::-1]
        height, width = pixels.shape[:2]
        room = self.width_of((width, height))
        own = min(math.ceil(self.height * (width / height)), room)
        array = np.zeros((3, self.height, room), np.float32)
        word = cv2.resize(pixels, (own, self.height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
        array[:, :, :own] = (word.transpose(2, 0, 1) / 255 - 0.5) / 0.5
        return array, room

    def width_of(self, size: tuple[int, int]) -> int:
        return min(max(int(self.height * (size[0] / size[1])), self.least_width), self.max_width)

    def source_identity(self) -> str:
        import cv2

        return (
            f"{codecs()}, as PaddleOCR, OpenCV {cv2.__version__}, {self.height} x {self.least_width}-{self.max_width}"
        )


@dataclass(frozen=True)
class PaddleOcrDirectionTransform:
    """A line of text for the network that tells its direction: as for the recogniser, in 48 x 192 pixels at most."""

    words: PaddleOcrTransform = PaddleOcrTransform(48, 192, 192)

    def __call__(
        self, source: ImageSource, out: tuple[np.ndarray, ...] | None = None
    ) -> tuple[tuple[np.ndarray, ...], Any]:
        """((float32 [3, 48, 192],), None). out: arrays to write to. Raises DataError as `PaddleOcrTransform`."""
        array = self.words(source)[0]
        if out is None:
            return (array,), None
        out[0][:] = array
        return out, None

    def resized(self, size: int) -> "PaddleOcrDirectionTransform":
        """Raises DataError: the network takes one size."""
        raise DataError(f"input size {size}: this network takes pictures of {self.words.height} x 192 only.")

    def source_identity(self) -> str:
        """What decodes and scales, with versions."""
        return self.words.source_identity()


@dataclass(frozen=True)
class PaddleOcrSceneTransform:
    """As PaddleOCR (PaddleX 3.7) scales scenes: float32 [3, H, W], blue first, with H and W of each picture's own.

    Pictures keep their size, as far as both sides can be multiples of 32: they are enlarged until the shorter side has
    `least` pixels, and made smaller until the longer one has `most`. ImageNet's mean and deviation are those of red,
    green and blue, and are taken in this order for blue, green and red, as the source does.
    """

    least: int = 64
    most: int = 4000

    def __call__(self, source: ImageSource, out: np.ndarray | None = None) -> tuple[np.ndarray, Fit]:
        """(float32 [3, H, W], how the picture lies in it). out: taken no notice of, since sizes differ.

        Raises:
            DataError: the image cannot be read (see `load_rgb`).
        """
        import cv2

        pixels = np.asarray(load_rgb(source, "opencv"))[:, :, ::-1]
        fit = self.fit(pixels)
        scaled = cv2.resize(pixels, fit.size, interpolation=cv2.INTER_LINEAR).astype(np.float32)
        return np.ascontiguousarray((scaled * _SCALE + _SHIFT).transpose(2, 0, 1)), fit

    def fit(self, pixels: np.ndarray) -> Fit:
        """How a picture's pixels [rows, columns, ...] lie in the input, which they fill."""
        original = (pixels.shape[1], pixels.shape[0])
        return Fit(original, self.size_of(original))

    def size_of(self, size: tuple[int, int]) -> tuple[int, int]:
        """(width, height) of the input for a picture of (width, height) pixels."""
        sides = _scaled(size, max(self.least / min(size), 1.0))
        if max(sides) > self.most:
            sides = _scaled(sides, self.most / max(sides))
        width, height = (max(round(side / STRIDE), 1) * STRIDE for side in sides)
        return width, height

    def resized(self, size: int) -> "PaddleOcrSceneTransform":
        """The same with longer sides of `size` pixels, a multiple of 32."""
        require_multiple(size, STRIDE)
        return replace(self, least=size, most=size)

    def source_identity(self) -> str:
        """What decodes and scales, with versions."""
        import cv2

        return f"{codecs()}, as PaddleOCR, OpenCV {cv2.__version__}, sides of {self.least} to {self.most}"


def _scaled(size: tuple[int, int], factor: float) -> tuple[int, int]:
    return int(size[0] * factor), int(size[1] * factor)
