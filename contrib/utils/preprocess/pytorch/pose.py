"""Preprocessing of top-down pose networks: one person cut out of a picture, at the network's proportions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from utils.preprocess.image import ImageSource, upright
from utils.preprocess.pytorch.scaled import normal
from zoo_core.errors import DataError

_MARGIN = np.float32(1.25)  # more than the box, so that what it cuts off is seen
_LARGEST = 1e6  # pixels of a box's side; of a larger one, the person is not to be seen
_UNIT = np.float32(200)  # pixels that ViTPose counts sizes in


class Person(NamedTuple):
    """One person in a picture.

    Attributes:
        picture: path, file content as bytes, or PIL image; turned as its EXIF entry says.
        box: (left, top, width, height) in pixels; None where the person fills all of the picture.
    """

    picture: ImageSource
    box: tuple[float, float, float, float] | None = None

    @property
    def path(self) -> ImageSource:
        """What the picture is read from."""
        return self.picture


class Cut(NamedTuple):
    """What of a picture the input shows.

    Attributes:
        centre: float32 [2], x and y in pixels of the picture.
        size: float32 [2], width and height in pixels of the picture.
        box: (left, top, right, bottom) of the person in pixels.
    """

    centre: np.ndarray
    size: np.ndarray
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class PoseTransform:
    """A person to the input: the box at the input's proportions and a quarter larger, scaled; normalised as ImageNet.

    Attributes:
        height, width: of the input in pixels.
        unbiased: how pixels are counted. False, as the Simple Baselines do: the first pixel of the cut-out is the first
            one of the input, bilinear by OpenCV. True, as ViTPose does: the last ones are each other's too, bilinear by
            scipy, as in transformers' image processor.
    """

    height: int
    width: int
    unbiased: bool = False

    def __call__(self, data: Person | Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray], Cut]:
        """Preprocess one person.

        Args:
            data: a `Person`, or a picture that one person fills.
            out: where to write: a tuple of one float array [3, height, width]. Left out, a float32 array is made.

        Returns:
            ((array [3, height, width],), what of the picture it shows).

        Raises:
            DataError: the picture cannot be read, or the box is empty, beyond the picture or no number.
        """
        person = data if isinstance(data, Person) else Person(data)
        picture = upright(person.picture)
        left, top, width, height = person.box or (0.0, 0.0, *picture.size)
        if not (width > 0 and height > 0):
            raise DataError(f"the box [{left}, {top}, {width}, {height}] is empty; expected left, top, width, height.")
        across, down = left < picture.width and left + width > 0, top < picture.height and top + height > 0
        if not (across and down and max(width, height) < _LARGEST):
            raise DataError(
                f"the box [{left:g}, {top:g}, {width:g}, {height:g}] is no part of a picture of {picture.width} x "
                f"{picture.height} pixels; expected left, top, width, height in pixels."
            )
        cut = self.cut(left, top, width, height)
        pixels = np.asarray(picture)
        shown = self._unbiased(pixels, cut) if self.unbiased else self._warped(pixels, cut)
        array = np.empty((3, self.height, self.width), np.float32) if out is None else out[0]
        values = shown.astype(np.float32) / np.float32(255)
        array[...] = normal(values).transpose(2, 0, 1)
        return (array,), cut

    def cut(self, left: float, top: float, width: float, height: float) -> Cut:
        """The part of the picture that shows a box."""
        box = (left, top, left + width, top + height)
        centre = np.array([left + width * 0.5, top + height * 0.5], np.float32)
        proportion = self.width / self.height
        if width > proportion * height:
            height = width / proportion
        elif width < proportion * height:
            width = height * proportion
        if self.unbiased:
            return Cut(centre, np.array([width / _UNIT, height / _UNIT], np.float32) * _MARGIN * _UNIT, box)
        return Cut(centre, np.array([width, height], np.float32) * _MARGIN, box)

    def _warped(self, pixels: np.ndarray, cut: Cut) -> np.ndarray:
        """uint8 [height, width, 3]: three points of the picture come to lie on three of the input."""
        import cv2

        matrix = cv2.getAffineTransform(
            _corner(cut.centre, cut.size[0]), _corner(np.array([self.width, self.height]) * 0.5, self.width)
        )
        return cv2.warpAffine(pixels, matrix, (self.width, self.height), flags=cv2.INTER_LINEAR)

    def _unbiased(self, pixels: np.ndarray, cut: Cut) -> np.ndarray:
        """uint8 [height, width, 3]."""
        from scipy.ndimage import affine_transform

        scale = (np.array([self.width, self.height]) - 1.0) / cut.size
        moved = scale * (-0.5 * (cut.centre * 2.0) + 0.5 * cut.size)
        matrix = np.zeros((2, 3), np.float32)
        matrix[0, 0], matrix[1, 1], matrix[:, 2] = scale[0], scale[1], moved
        back = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))
        back = back[[1, 0, 2]][:, [1, 0, 2]]  # rows first
        shape = (self.height, self.width)
        channels = [affine_transform(pixels[..., one], back, output_shape=shape, order=1) for one in range(3)]
        return np.stack(channels, axis=-1)

    def resized(self, size: int) -> PoseTransform:
        """The same for its own height; DataError for any other."""
        if size != self.height:
            raise DataError(f"input size {size}: this network takes {self.height} x {self.width}.")
        return self

    def source_identity(self) -> str:
        """What decodes and scales, with versions: two results with the same identity saw the same pixels."""
        import PIL

        if self.unbiased:
            import scipy

            return f"Pillow {PIL.__version__}, cut out by scipy {scipy.__version__}"
        import cv2

        return f"Pillow {PIL.__version__}, cut out by OpenCV {cv2.__version__}"


def _corner(centre: np.ndarray, width: float) -> np.ndarray:
    """float32 [3, 2]: the middle, the point half a width above it, and the one half a width to the left of that."""
    middle = np.asarray(centre, np.float32)
    above = middle + np.array([0, -0.5 * width], np.float32)
    right = middle - above
    return np.stack([middle, above, above + np.array([-right[1], right[0]], np.float32)])
