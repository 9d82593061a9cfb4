"""Preprocessing of LPRNet: a picture of a plate, blue first, squeezed into the network's size."""

from dataclasses import dataclass

import numpy as np

from utils.preprocess.image import ImageSource, codecs, load_rgb
from utils.preprocess.pytorch.text_recognition import WordTransform
from zoo_core.errors import DataError


@dataclass(frozen=True)
class PlateTransform(WordTransform):
    """One picture of a plate to float32 [3, height, max_width], (x - 127.5) / 128, scaled bilinearly by OpenCV."""

    height: int = 24
    max_width: int = 94

    def __call__(self, source: ImageSource) -> tuple[np.ndarray, int]:
        import cv2

        pixels = np.asarray(load_rgb(source, "opencv"))[:, :, ::-1]
        scaled = cv2.resize(pixels, (self.max_width, self.height), interpolation=cv2.INTER_LINEAR)
        array = (scaled.astype(np.float32) - 127.5) * np.float32(0.0078125)
        return np.ascontiguousarray(array.transpose(2, 0, 1)), self.max_width

    def width_of(self, size: tuple[int, int]) -> int:
        return self.max_width

    def limited(self, max_width: int) -> "PlateTransform":
        """Raises DataError: the network takes one size."""
        raise DataError(f"input size {max_width}: this network takes {self.height} x {self.max_width} pixels only.")

    def source_identity(self) -> str:
        import cv2

        return f"{codecs()}, bilinear by OpenCV {cv2.__version__}, {self.height} x {self.max_width}"
