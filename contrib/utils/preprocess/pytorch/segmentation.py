"""Preprocessing of segmentation: a picture of any size to one that the network takes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import PIL
from PIL import Image

from utils.preprocess.fit import Fit, array_for, fit_into, require_multiple
from utils.preprocess.image import ImageSource, load_rgb, to_planes
from utils.preprocess.pytorch.classification import lookup_table
from zoo_core.errors import DataError


@dataclass(frozen=True)
class SegmentationTransform:
    """One picture to the array that the network takes.

    The picture is scaled to fit, its proportions kept (Pillow, bilinear, antialiased); black fills the rest on the
    right or at the bottom. Values are then as torchvision's ToTensor and Normalize give them, to the bit.

    Attributes:
        height, width: of the input in pixels, multiples of `stride`.
        stride: what the network halves its input down by.
        mean, std: for red, green and blue, in units of [0, 1].
        blue_first: whether the network takes blue, green, red.
    """

    height: int
    width: int
    stride: int
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)
    blue_first: bool = False

    def __post_init__(self) -> None:
        require_multiple(self.height, self.stride)
        require_multiple(self.width, self.stride)

    def __call__(
        self, source: ImageSource, out: tuple[np.ndarray, ...] | None = None
    ) -> tuple[tuple[np.ndarray, ...], Fit]:
        """Preprocess one picture.

        Args:
            source: path, file content as bytes, or PIL image.
            out: where to write: a tuple of one float32 or float16 array [3, height, width]. Left out, a float32 array
                is made.

        Returns:
            ((array [3, height, width], RGB or BGR, normalised),) and where the picture lies in it.

        Raises:
            DataError: the picture cannot be read.
            ValueError: `out` does not fit.
        """
        picture, fit = fit_into(load_rgb(source), self.height, self.width)
        array = array_for(out, self.shape)
        planes = array[::-1] if self.blue_first else array
        to_planes(picture, lookup_table(self.mean, self.std, array.dtype.name), planes)
        return (array,), fit

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of the array that a call gives."""
        return (3, self.height, self.width)

    def resized(self, size: int) -> SegmentationTransform:
        """The same for inputs of size x size pixels; DataError unless that is a multiple of the stride."""
        return replace(self, height=size, width=size)

    def source_identity(self) -> str:
        """What decodes and scales, with versions."""
        return f"Pillow {PIL.__version__}, bilinear"


@dataclass(frozen=True)
class ShorterSide:
    """One picture to an array of its own size: the shorter side is scaled to `shorter`, and nothing is filled up.

    Equal to torchvision's preset of segmentation on Pillow pictures, to the bit (bilinear, antialiased).

    Attributes:
        shorter: pixels of the shorter side.
        mean, std: for red, green and blue, in units of [0, 1].
        multiple: of which both sides are multiples; they are rounded down.
    """

    shorter: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    multiple: int = 1

    def __call__(
        self, source: ImageSource, out: tuple[np.ndarray, ...] | None = None
    ) -> tuple[tuple[np.ndarray, ...], Fit]:
        """Preprocess one picture, given as path, file content as bytes, or PIL image.

        Returns:
            ((float32 array [3, height, width], RGB, normalised),) and its sizes; `out` is not used.

        Raises:
            DataError: the picture cannot be read, or is so narrow that it would become huge.
        """
        picture = load_rgb(source)
        width, height = _with_shorter_side(picture.size, self.shorter)
        limit = Image.MAX_IMAGE_PIXELS
        if limit is not None and width * height > limit:
            raise DataError(
                f"a picture of {picture.width} x {picture.height} pixels is too narrow: with its shorter side at "
                f"{self.shorter} it would have {width} x {height} pixels, above the limit of {limit}. Crop it first."
            )
        size = (width - width % self.multiple, height - height % self.multiple)
        array = np.empty((3, size[1], size[0]), np.float32)
        scaled = picture if size == picture.size else picture.resize(size, Image.Resampling.BILINEAR)
        to_planes(scaled, lookup_table(self.mean, self.std, "float32"), array)
        return (array,), Fit(picture.size, size)

    def resized(self, size: int) -> SegmentationTransform:
        """For inputs of size x size pixels: pictures are scaled to fit, and filled up."""
        return SegmentationTransform(size, size, self.multiple, self.mean, self.std)

    def source_identity(self) -> str:
        """What decodes and scales, with versions."""
        return f"Pillow {PIL.__version__}, bilinear, shorter side {self.shorter}"


def _with_shorter_side(original: tuple[int, int], shorter: int) -> tuple[int, int]:
    """(width, height) with `shorter` as the smaller of the two; the other is rounded down, as torchvision does it."""
    width, height = original
    if width <= height:
        return shorter, shorter * height // width
    return shorter * width // height, shorter
