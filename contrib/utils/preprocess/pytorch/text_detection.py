"""Preprocessing of text detectors: scaled into the input with the ratio kept, normalised, filled up with zeros.

The steps of MMOCR's DBNet at test time: bilinear scaling by OpenCV to round(side × scale), ImageNet's mean and
deviation in RGB, zeros at the right and below.
"""

from dataclasses import dataclass, replace

import numpy as np

from utils.preprocess.fit import Fit, fitting_size, require_multiple
from utils.preprocess.image import ImageSource, codecs, load_rgb

STRIDE = 32
# of 0 … 255, RGB
MEAN = np.array([123.675, 116.28, 103.53], np.float32)
STD = np.array([58.395, 57.12, 57.375], np.float32)


@dataclass(frozen=True)
class SceneTransform:
    """One image to float32 [3, height, width], RGB, (x - mean) / std.

    Attributes:
        height, width: of the result, in pixels; multiples of 32, the network's stride.
    """

    height: int
    width: int

    def __post_init__(self) -> None:
        require_multiple(self.height, STRIDE)
        require_multiple(self.width, STRIDE)

    def __call__(self, source: ImageSource, out: np.ndarray | None = None) -> tuple[np.ndarray, Fit]:
        """(float32 [3, height, width], where the image lies in it). out: an array of that shape to write to.

        Raises:
            DataError: the image cannot be read (see `load_rgb`).
        """
        import cv2

        pixels = np.asarray(load_rgb(source, "opencv"))
        fit = self.fit(pixels)
        width, height = fit.size
        scaled = cv2.resize(pixels, fit.size, interpolation=cv2.INTER_LINEAR).astype(np.float32)
        array = np.empty((3, self.height, self.width), np.float32) if out is None else out
        array[:] = 0
        array[:, :height, :width] = ((scaled - MEAN) / STD).transpose(2, 0, 1)
        return array, fit

    def fit(self, pixels: np.ndarray) -> Fit:
        """How a picture's pixels [rows, columns, ...] lie in the input."""
        original = (pixels.shape[1], pixels.shape[0])
        return Fit(original, fitting_size(original, self.height, self.width))

    def resized(self, size: int) -> "SceneTransform":
        """The same for inputs of size x size pixels; DataError unless it is a multiple of 32."""
        return replace(self, height=size, width=size)

    def source_identity(self) -> str:
        """What decodes and scales, with versions: two results with the same identity saw the same pixels."""
        import cv2

        return f"{codecs()}, bilinear by OpenCV {cv2.__version__}, {self.height} x {self.width}"
