"""What the preprocessings share that scale a picture to a size of its own, or stretch it to a square."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import numpy as np
from PIL import Image

from utils.preprocess.fit import array_for, require_multiple, too_narrow
from utils.preprocess.image import ImageSource, upright
from zoo_core.errors import DataError

STRIDE = 32  # sides that a network is asked for are multiples of it
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's channels

OwnSizeT = TypeVar("OwnSizeT", bound="OwnSize")
SquareT = TypeVar("SquareT", bound="Square")


class Scaled(NamedTuple):
    """A picture within the input, whose top left corner it fills.

    Attributes:
        size: (width, height) of the picture in pixels.
        input: (height, width) that it has in the input.
    """

    size: tuple[int, int]
    input: tuple[int, int]


@dataclass(frozen=True)
class OwnSize(ABC):
    """One picture to an input of its own size: it is scaled until a side has the pixels that are asked for.

    Attributes:
        shorter, longer: sides in pixels: the shorter one has so many, unless the longer one had more than its own then.
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
            (the arrays of the network's inputs, where the picture lies in the first one).

        Raises:
            DataError: the picture cannot be read, or is so narrow that nothing of it is left.
        """
        picture = upright(source)
        height, width = self._size(picture.size)
        return self._arrays(picture, height, width), Scaled(picture.size, (height, width))

    def fit(self, pixels: np.ndarray) -> Scaled:
        """Where a picture's pixels [rows, columns, ...] lie in the input. Raises DataError as a call."""
        size = (pixels.shape[1], pixels.shape[0])
        return Scaled(size, self._size(size))

    @abstractmethod
    def _arrays(self, picture: Image.Image, height: int, width: int) -> tuple[np.ndarray, ...]:
        """The network's inputs, in which the picture has `height` x `width`."""

    @abstractmethod
    def _scaled(self, size: tuple[int, int]) -> tuple[int, int]:
        """(height, width) of a picture of (width, height); a side may be 0."""

    def _filled(self, height: int, width: int) -> int:
        """How many pixels the input of a picture has."""
        return height * width

    def _size(self, size: tuple[int, int]) -> tuple[int, int]:
        height, width = self._scaled(size)
        if not height or not width:
            raise too_narrow(size, f"with its longer side at {self.longer}, the other one has no pixel left")
        return height, width

    def positions(self, source: ImageSource) -> int:
        """How many pixels a picture takes in the input. Raises DataError."""
        return self._filled(*self._size(upright(source).size))

    def resized(self: OwnSizeT, size: int) -> OwnSizeT:
        """The same for pictures that fit into a square of `size`; DataError unless it is a multiple of 32."""
        require_multiple(size, STRIDE)
        return replace(self, shorter=size, longer=size)


@dataclass(frozen=True)
class Square(ABC):
    """One picture to a square, its proportions changed. Channels are red, green, blue.

    Attributes:
        side: of the square, in pixels; the network takes no other.
    """

    side: int

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
            ValueError: `out` does not fit.
        """
        array = array_for(out, (3, self.side, self.side))
        picture = upright(source)
        array[...] = self._values(picture).transpose(2, 0, 1)
        return (array,), Scaled(picture.size, (self.side, self.side))

    @abstractmethod
    def _values(self, picture: Image.Image) -> np.ndarray:
        """float32 [side, side, 3]."""

    def resized(self: SquareT, size: int) -> SquareT:
        """The same for its own size; DataError for any other."""
        if size != self.side:
            raise DataError(f"input size {size}: this network takes {self.side} only, which its weights are made for.")
        return self


def normal(pixels: np.ndarray, mean: tuple[float, ...] = MEAN, std: tuple[float, ...] = STD) -> np.ndarray:
    """float32 [H, W, 3] of 0 to 1, to mean 0 and deviation 1 where pictures are as those that mean and deviation are
    of."""
    return (pixels - np.array(mean, np.float32)) / np.array(std, np.float32)
