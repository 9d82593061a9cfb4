"""Fitting a picture into the rectangle that a network takes, with Pillow: scaled as a whole, black at the end."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from zoo_core.errors import DataError


@dataclass(frozen=True)
class Fit:
    """How a picture lies in the network's input.

    Attributes:
        original: (width, height) of the picture, in pixels.
        size: (width, height) that it has in the input; its upper left corner is the input's.
    """

    original: tuple[int, int]
    size: tuple[int, int]

    def to_original(self, points: np.ndarray) -> np.ndarray:
        """Points [..., 2], x and y in pixels of the input, to pixels of the picture; edges fall on edges."""
        return points * (np.array(self.original) / np.array(self.size))


def fit_into(image: Image.Image, height: int, width: int) -> tuple[Image.Image, Fit]:
    """Scale `image` (bilinear, antialiased) so that it just fits into `width` x `height`; what is left over, on
    the right or at the bottom, is black.

    Small pictures are enlarged.
    """
    size = fitting_size(image.size, height, width)
    scaled = image if size == image.size else image.resize(size, Image.Resampling.BILINEAR)
    fit = Fit(image.size, size)
    return (scaled if size == (width, height) else scaled.crop((0, 0, width, height))), fit


def fitting_size(original: tuple[int, int], height: int, width: int) -> tuple[int, int]:
    """(width, height) of a picture of `original` (width, height) pixels, scaled to just fit into `width` x `height`.

    Halves are rounded up, as MMCV's `imrescale` does. A side is never less than one pixel.
    """
    factor = min(width / original[0], height / original[1])
    return _side(original[0] * factor, width), _side(original[1] * factor, height)


def require_multiple(size: int, stride: int) -> None:
    """Raise DataError unless `size`, an input's height or width in pixels, can be halved down by `stride`."""
    if size < stride or size % stride:
        below = max(size // stride, 1) * stride
        raise DataError(
            f"input size {size}: this network takes multiples of {stride}, such as {below} or {below + stride}. "
            "Pictures of any size are scaled to fit it."
        )


def array_for(out: tuple[np.ndarray, ...] | None, shape: tuple[int, ...]) -> np.ndarray:
    """The array that a preprocessing of one input writes to: that of `out`, or a new one, float32.

    Raises:
        ValueError: that of `out` has another shape.
    """
    array = np.empty(shape, np.float32) if out is None else out[0]
    if array.shape != shape:
        raise ValueError(f"out must be one array of {list(shape)}, got {list(array.shape)}")
    return array


def too_narrow(size: tuple[int, int], why: str) -> DataError:
    """What to raise where a picture of `size`, (width, height), has nothing left when it is scaled."""
    return DataError(f"a picture of {size[0]} x {size[1]} pixels is too narrow: {why}. Crop it first.")


def _side(length: float, most: int) -> int:
    return min(max(int(length + 0.5), 1), most)
