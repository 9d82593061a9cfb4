"""Preprocessing of detectors with queries, as transformers' image processors do it with Pillow.

DETR keeps a picture's proportions, and says by a mask what of the input it fills; RT-DETR and D-FINE stretch it.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from utils.preprocess.pytorch.scaled import OwnSize, Square, normal


@dataclass(frozen=True)
class MaskedTransform(OwnSize):
    """One picture to an input of its own size, with a mask of what it fills, as DETR takes it.

    Channels are red, green, blue, normalised by ImageNet's mean and deviation. The picture is scaled, bilinear, until
    its shorter side has `shorter` pixels, or its longer one about `longer`. The inputs are float32 [3, H, W], and int64
    [H, W] of ones.
    """

    def _arrays(self, picture: Image.Image, height: int, width: int) -> tuple[np.ndarray, ...]:
        array = normal(_scaled_values(picture, width, height))
        return np.ascontiguousarray(array.transpose(2, 0, 1)), np.ones((height, width), np.int64)

    def _scaled(self, size: tuple[int, int]) -> tuple[int, int]:
        low, high = min(size), max(size)
        side, raw = self.shorter, float(self.shorter)
        if high / low * side > self.longer:
            raw = self.longer * low / high
            side = round(raw)
        width, height = size
        if width < height:
            return int(raw * height / width), side
        return (side, int(raw * width / height)) if height < width else (side, side)

    def source_identity(self) -> str:
        """What decodes and scales, with versions: two results with the same identity saw the same pixels."""
        import PIL

        return f"Pillow {PIL.__version__}, scaled to {self.shorter} to {self.longer} pixels as DETR scales"


@dataclass(frozen=True)
class SquareTransform(Square):
    """One picture to a square, its proportions changed, red, green and blue from 0 to 1, as RT-DETR takes it."""

    def _values(self, picture: Image.Image) -> np.ndarray:
        return _scaled_values(picture, self.side, self.side)

    def source_identity(self) -> str:
        """What decodes and scales, with versions: two results with the same identity saw the same pixels."""
        import PIL

        return f"Pillow {PIL.__version__}, stretched to {self.side} pixels"


def _scaled_values(picture: Image.Image, width: int, height: int) -> np.ndarray:
    """float32 [height, width, 3], 0 to 1."""
    pixels = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
    return (pixels * np.float64(1 / 255)).astype(np.float32)
