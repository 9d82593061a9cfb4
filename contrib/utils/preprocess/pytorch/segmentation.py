"""Preprocessing of segmentation: a picture of any size to the one that the network takes."""

from dataclasses import dataclass, replace

import numpy as np
import PIL

from utils.preprocess.fit import Fit, fit_into, require_multiple
from utils.preprocess.image import ImageSource, load_rgb, to_planes
from utils.preprocess.pytorch.classification import lookup_table


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
        array = np.empty(self.shape, np.float32) if out is None else out[0]
        if array.shape != self.shape:
            raise ValueError(f"out must be one array of {list(self.shape)}, got {list(array.shape)}")
        planes = array[::-1] if self.blue_first else array
        to_planes(picture, lookup_table(self.mean, self.std, array.dtype.name), planes)
        return (array,), fit

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of the array that a call gives."""
        return (3, self.height, self.width)

    def resized(self, size: int) -> "SegmentationTransform":
        """The same for inputs of size x size pixels; DataError unless that is a multiple of the stride."""
        return replace(self, height=size, width=size)

    def source_identity(self) -> str:
        """What decodes and scales, with versions."""
        return f"Pillow {PIL.__version__}, bilinear"
