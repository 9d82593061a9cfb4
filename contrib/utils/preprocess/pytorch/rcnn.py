"""Preprocessing of torchvision's detectors: scaled to a size of each picture's own, or stretched to a square."""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from PIL import Image

from utils.preprocess.image import ImageSource
from utils.preprocess.pytorch.detection import upright
from zoo_core.errors import DataError

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
STRIDE = 32  # sides of the input are multiples of it


class Scaled(NamedTuple):
    """A picture within the input, whose top left corner it fills.

    Attributes:
        size: (width, height) of the picture in pixels.
        input: (height, width) that it has in the input.
    """

    size: tuple[int, int]
    input: tuple[int, int]


@dataclass(frozen=True)
class RcnnTransform:
    """One picture to an input of its own size, as torchvision's GeneralizedRCNNTransform makes it.

    Channels are red, green, blue, normalised by ImageNet's mean and deviation. The picture is scaled, bilinear, until
    its shorter side has `shorter` pixels or its longer one `longer`, and filled up with zeros to multiples of 32.

    Attributes:
        shorter, longer: sides in pixels.
    """

    shorter: int
    longer: int

    def __call__(
        self, source: ImageSource, out: tuple[np.ndarray, ...] | None = None
    ) -> tuple[tuple[np.ndarray, ...], Scaled]:
        """Preprocess one picture.

        Args:
            source: path, file content as bytes, or PIL image; turned as its EXIF entry says.
            out: not written to, because each picture has a size of its own.

        Returns:
            ((float32 [3, H, W], int64 [2]: height and width that the picture has in it), the same for people).

        Raises:
            DataError: the picture cannot be read, or is so narrow that nothing of it is left.
        """
        picture = upright(source)
        height, width = self._scaled(picture.size)
        normal = _normal(picture, MEAN, STD)
        array = np.zeros((3, _filled(height), _filled(width)), np.float32)
        array[:, :height, :width] = bilinear(normal, height, width).transpose(2, 0, 1)
        return (array, np.array([height, width], np.int64)), Scaled(picture.size, (height, width))

    def _scaled(self, size: tuple[int, int]) -> tuple[int, int]:
        """(height, width) in the input of a picture of (width, height)."""
        scale = min(self.shorter / min(size), self.longer / max(size))
        height, width = math.floor(size[1] * scale), math.floor(size[0] * scale)
        if not height or not width:
            raise DataError(
                f"a picture of {size[0]} x {size[1]} pixels is too narrow: with its longer side at {self.longer}, the "
                "other one has no pixel left. Crop it first."
            )
        return height, width

    def positions(self, source: ImageSource) -> int:
        """How many pixels a picture takes in the input. Raises DataError."""
        from utils.preprocess.image import load_rgb

        size = source.size if isinstance(source, Image.Image) else load_rgb(source).size
        height, width = self._scaled(size)
        return _filled(height) * _filled(width)

    def resized(self, size: int) -> "RcnnTransform":
        """The same for pictures that fit into a square of `size`; DataError unless it is a multiple of 32."""
        if size < STRIDE or size % STRIDE:
            raise DataError(
                f"input size {size}: it must be a multiple of {STRIDE}, the stride of the coarsest feature map, such "
                f"as {max(round(size / STRIDE), 1) * STRIDE}."
            )
        return replace(self, shorter=size, longer=size)

    def source_identity(self) -> str:
        """What decodes and scales, with versions: two results with the same identity saw the same pixels."""
        import PIL

        return f"Pillow {PIL.__version__}, scaled to {self.shorter} to {self.longer} pixels as torch scales"


@dataclass(frozen=True)
class StretchTransform:
    """One picture to a square, its proportions changed, as torchvision's transform of SSD makes it.

    Channels are red, green, blue; the picture is normalised, and then scaled, bilinear.

    Attributes:
        side: of the square, in pixels; the network takes no other.
        mean, std: by channel, in units of 0 to 1.
    """

    side: int
    mean: tuple[float, float, float] = MEAN
    std: tuple[float, float, float] = STD

    def __call__(
        self, source: ImageSource, out: tuple[np.ndarray, ...] | None = None
    ) -> tuple[tuple[np.ndarray, ...], Scaled]:
        """Preprocess one picture.

        Args:
            source: path, file content as bytes, or PIL image; turned as its EXIF entry says.
            out: where to write: a tuple of one float array [3, side, side]. Left out, a float32 array is made.

        Returns:
            ((array [3, side, side],), that the picture fills all of it).

        Raises:
            DataError: the picture cannot be read.
        """
        picture = upright(source)
        array = np.empty((3, self.side, self.side), np.float32) if out is None else out[0]
        array[...] = bilinear(_normal(picture, self.mean, self.std), self.side, self.side).transpose(2, 0, 1)
        return (array,), Scaled(picture.size, (self.side, self.side))

    def resized(self, size: int) -> "StretchTransform":
        """The same for its own size; DataError for any other."""
        if size != self.side:
            raise DataError(f"input size {size}: this network takes {self.side}, which its boxes are made for.")
        return self

    def source_identity(self) -> str:
        """What decodes and scales, with versions: two results with the same identity saw the same pixels."""
        import PIL

        return f"Pillow {PIL.__version__}, stretched to {self.side} pixels as torch scales"


def _normal(picture: Image.Image, mean: tuple[float, float, float], std: tuple[float, float, float]) -> np.ndarray:
    """float32 [H, W, 3] of mean 0 and deviation 1, where pictures are as those that mean and deviation are of."""
    pixels = np.asarray(picture, np.float32) / np.float32(255)
    return (pixels - np.array(mean, np.float32)) / np.array(std, np.float32)


def bilinear(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Pixels float32 [H, W, C] scaled to [height, width, C], as torch.nn.functional.interpolate does it (bilinear, not
    antialiased, corners not aligned)."""
    above, below, down = _neighbours(pixels.shape[0], height)
    left, right, across = _neighbours(pixels.shape[1], width)
    rows = pixels[above] * (1 - down)[:, None, None] + pixels[below] * down[:, None, None]
    return rows[:, left] * (1 - across)[:, None] + rows[:, right] * across[:, None]


def _neighbours(size: int, wanted: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each of `wanted` lines the two of `size` that it lies between, and how much of the second it has."""
    scale = np.float64(np.float32(size / wanted))
    # torch multiplies and subtracts in one instruction, which rounds once
    places = np.maximum((scale * (np.arange(wanted) + 0.5) - 0.5).astype(np.float32), np.float32(0))
    first = np.minimum(places.astype(np.int64), size - 1)
    return first, np.minimum(first + 1, size - 1), places - first.astype(np.float32)


def _filled(side: int) -> int:
    return -(-side // STRIDE) * STRIDE
