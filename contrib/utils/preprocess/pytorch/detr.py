"""Preprocessing of detectors with queries, as transformers' image processors do it with Pillow.

DETR keeps a picture's proportions, and says by a mask what of the input it fills; RT-DETR and D-FINE stretch it.
"""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from utils.preprocess.fit import require_multiple
from utils.preprocess.image import ImageSource, upright
from utils.preprocess.pytorch.rcnn import MEAN, STD, Scaled
from zoo_core.errors import DataError


@dataclass(frozen=True)
class MaskedTransform:
    """One picture to an input of its own size, with a mask of what it fills, as DETR takes it.

    Channels are red, green, blue, normalised by ImageNet's mean and deviation. The picture is scaled, bilinear, until
    its shorter side has `shorter` pixels, or its longer one about `longer`.

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
            ((float32 [3, H, W], int64 [H, W] of ones), where it lies in the input).

        Raises:
            DataError: the picture cannot be read, or is so narrow that nothing of it is left.
        """
        picture = upright(source)
        height, width = self._scaled(picture.size)
        pixels = _scaled_values(picture, width, height)
        array = (pixels - np.array(MEAN, np.float32)) / np.array(STD, np.float32)
        arrays = (np.ascontiguousarray(array.transpose(2, 0, 1)), np.ones((height, width), np.int64))
        return arrays, Scaled(picture.size, (height, width))

    def _scaled(self, size: tuple[int, int]) -> tuple[int, int]:
        """(height, width) in the input of a picture of (width, height)."""
        low, high = min(size), max(size)
        side, raw = self.shorter, float(self.shorter)
        if high / low * side > self.longer:
            raw = self.longer * low / high
            side = round(raw)
        if not side:
            raise DataError(
                f"a picture of {size[0]} x {size[1]} pixels is too narrow: with its longer side at {self.longer}, the "
                "other one has no pixel left. Crop it first."
            )
        width, height = size
        if width < height:
            return int(raw * height / width), side
        return (side, int(raw * width / height)) if height < width else (side, side)

    def positions(self, source: ImageSource) -> int:
        """How many pixels a picture takes in the input. Raises DataError."""
        height, width = self._scaled(upright(source).size)
        return height * width

    def resized(self, size: int) -> "MaskedTransform":
        """The same for pictures that fit into a square of `size`; DataError unless it is a multiple of 32."""
        require_multiple(size, 32)
        return replace(self, shorter=size, longer=size)

    def source_identity(self) -> str:
        """What decodes and scales, with versions: two results with the same identity saw the same pixels."""
        import PIL

        return f"Pillow {PIL.__version__}, scaled to {self.shorter} to {self.longer} pixels as DETR scales"


@dataclass(frozen=True)
class SquareTransform:
    """One picture to a square, its proportions changed, red, green and blue from 0 to 1, as RT-DETR takes it.

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
        """
        picture = upright(source)
        array = np.empty((3, self.side, self.side), np.float32) if out is None else out[0]
        array[...] = _scaled_values(picture, self.side, self.side).transpose(2, 0, 1)
        return (array,), Scaled(picture.size, (self.side, self.side))

    def resized(self, size: int) -> "SquareTransform":
        """The same for its own size; DataError for any other."""
        if size != self.side:
            raise DataError(f"input size {size}: this network takes {self.side}, which its maps are made for.")
        return self

    def source_identity(self) -> str:
        """What decodes and scales, with versions: two results with the same identity saw the same pixels."""
        import PIL

        return f"Pillow {PIL.__version__}, stretched to {self.side} pixels"


def _scaled_values(picture: Image.Image, width: int, height: int) -> np.ndarray:
    """float32 [height, width, 3], 0 to 1."""
    pixels = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
    return (pixels * np.float64(1 / 255)).astype(np.float32)
