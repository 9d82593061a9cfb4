"""Pictures stretched to the size that a network takes, as small detectors are trained: proportions are not kept."""

from dataclasses import dataclass, replace

import numpy as np

from utils.preprocess.fit import Fit, array_for, require_multiple
from utils.preprocess.image import ImageSource, upright


@dataclass(frozen=True)
class Stretch:
    """One picture to the array that a detector takes: scaled to `width` x `height` by OpenCV, bilinear.

    A rotation noted in EXIF is applied.

    Attributes:
        height, width: of the input in pixels.
        mean, deviation: values become (value - mean) / deviation, value from 0 to 255.
        blue_first: whether the channels are blue, green, red.
        multiple: of which another size (`resized`) has to be.
    """

    height: int
    width: int
    mean: float = 0.0
    deviation: float = 255.0
    blue_first: bool = False
    multiple: int = 32

    def __call__(
        self, source: ImageSource, out: tuple[np.ndarray, ...] | None = None
    ) -> tuple[tuple[np.ndarray, ...], Fit]:
        """Preprocess one picture.

        Args:
            source: path, file content as bytes, or PIL image.
            out: where to write: a tuple of one float array [3, height, width]. Left out, a float32 array is made.

        Returns:
            ((array [3, height, width],), how the picture lies in it).

        Raises:
            DataError: the picture cannot be read.
            ValueError: `out` does not fit.
        """
        import cv2

        array = array_for(out, self.shape)
        picture = upright(source)
        pixels = cv2.resize(np.asarray(picture), (self.width, self.height), interpolation=cv2.INTER_LINEAR)
        if self.blue_first:
            pixels = pixels[:, :, ::-1]
        values = (pixels.astype(np.float32) - np.float32(self.mean)) / np.float32(self.deviation)
        array[...] = values.transpose(2, 0, 1)
        return (array,), Fit(picture.size, (self.width, self.height))

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of the array that a call gives."""
        return (3, self.height, self.width)

    def resized(self, size: int) -> "Stretch":
        """The same for `size` pixels of width, proportions of the input kept; DataError unless that is a multiple."""
        require_multiple(size, self.multiple)
        return replace(self, width=size, height=size * self.height // self.width)

    def source_identity(self) -> str:
        """What decodes and scales, with versions."""
        import cv2
        import PIL

        return f"Pillow {PIL.__version__}, stretched by OpenCV {cv2.__version__}"
