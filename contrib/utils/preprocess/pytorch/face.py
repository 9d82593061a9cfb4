"""Preprocessing of CenterFace, YuNet and RetinaFace: values from 0 to 255, at one size for a whole batch."""

from dataclasses import dataclass, replace

import numpy as np
import PIL

from utils.preprocess.fit import Fit, array_for, fit_into, require_multiple
from utils.preprocess.image import ImageSource, upright

STRIDE = 32


@dataclass(frozen=True)
class FaceTransform:
    """One picture to the array that the network takes.

    The authors stretch each picture to the next multiples of 32. Here the pictures of a batch have one size, so the
    picture is scaled to fit with its proportions kept, and black fills the rest on the right or at the bottom.
    A rotation noted in EXIF is applied.

    Attributes:
        height, width: of the input in pixels, multiples of 32.
        blue_first: whether the channels are blue, green, red, as YuNet takes them.
        mean: what is taken from each channel, in their order in the input; then 0 fills the rest.
    """

    height: int
    width: int
    blue_first: bool = False
    mean: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        require_multiple(self.height, STRIDE)
        require_multiple(self.width, STRIDE)

    def __call__(
        self, source: ImageSource, out: tuple[np.ndarray, ...] | None = None
    ) -> tuple[tuple[np.ndarray, ...], Fit]:
        """Preprocess one picture.

        Args:
            source: path, file content as bytes, or PIL image.
            out: where to write: a tuple of one float array [3, height, width]. Left out, a float32 array is made.

        Returns:
            ((array [3, height, width], 0 to 255 less the mean),) and where the picture lies in it.

        Raises:
            DataError: the picture cannot be read.
            ValueError: `out` does not fit.
        """
        picture, fit = fit_into(upright(source), self.height, self.width)
        array = array_for(out, self.shape)
        pixels = np.asarray(picture).transpose(2, 0, 1)
        array[...] = pixels[::-1] if self.blue_first else pixels
        if self.mean:
            array -= np.array(self.mean, array.dtype)[:, None, None]
            array[:, fit.size[1] :] = 0
            array[:, :, fit.size[0] :] = 0
        return (array,), fit

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of the array that a call gives."""
        return (3, self.height, self.width)

    def resized(self, size: int) -> "FaceTransform":
        """The same for inputs of size x size pixels; DataError unless that is a multiple of 32."""
        return replace(self, height=size, width=size)

    def source_identity(self) -> str:
        """What decodes and scales, with versions."""
        return f"Pillow {PIL.__version__}, bilinear"
