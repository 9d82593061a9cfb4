"""Preprocessing of torchvision's detectors: scaled to a size of each picture's own, or stretched to a square."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from utils.preprocess.pytorch.scaled import MEAN, STD, STRIDE, OwnSize, Square, normal


@dataclass(frozen=True)
class RcnnTransform(OwnSize):
    """One picture to an input of its own size, as torchvision's GeneralizedRCNNTransform makes it.

    Channels are red, green, blue, normalised by ImageNet's mean and deviation. The picture is scaled, bilinear, until
    its shorter side has `shorter` pixels or its longer one `longer`, and filled up with zeros to multiples of 32. The
    inputs are float32 [3, H, W], and int64 [2], height and width that the picture has in it.
    """

    def _arrays(self, picture: Image.Image, height: int, width: int) -> tuple[np.ndarray, ...]:
        array = np.zeros((3, _filled(height), _filled(width)), np.float32)
        array[:, :height, :width] = bilinear(normal(_values(picture)), height, width).transpose(2, 0, 1)
        return array, np.array([height, width], np.int64)

    def _scaled(self, size: tuple[int, int]) -> tuple[int, int]:
        scale = min(self.shorter / min(size), self.longer / max(size))
        return math.floor(size[1] * scale), math.floor(size[0] * scale)

    def _filled(self, height: int, width: int) -> int:
        return _filled(height) * _filled(width)

    def source_identity(self) -> str:
        """What decodes and scales, with versions: two results with the same identity saw the same pixels."""
        import PIL

        return f"Pillow {PIL.__version__}, scaled to {self.shorter} to {self.longer} pixels as torch scales"


@dataclass(frozen=True)
class StretchTransform(Square):
    """One picture to a square, its proportions changed, as torchvision's transform of SSD makes it: normalised, and
    then scaled, bilinear.

    Attributes:
        mean, std: by channel, in units of 0 to 1.
    """

    mean: tuple[float, float, float] = MEAN
    std: tuple[float, float, float] = STD

    def _values(self, picture: Image.Image) -> np.ndarray:
        return bilinear(normal(_values(picture), self.mean, self.std), self.side, self.side)

    def source_identity(self) -> str:
        """What decodes and scales, with versions: two results with the same identity saw the same pixels."""
        import PIL

        return f"Pillow {PIL.__version__}, stretched to {self.side} pixels as torch scales"


def _values(picture: Image.Image) -> np.ndarray:
    """float32 [H, W, 3], 0 to 1."""
    return np.asarray(picture, np.float32) / np.float32(255)


def bilinear(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Pixels float32 [H, W, C] scaled to [height, width, C], as torch.nn.functional.interpolate does it (bilinear, not
    antialiased, corners not aligned)."""
    above, below, down = _neighbours(pixels.shape[0], height)
    left, right, across = _neighbours(pixels.shape[1], width)
    rows = pixels[above] * (1 - down)[:, None, None] + pixels[below] * down[:, None, None]
    return rows[:, left] * (1 - across)[:, None] + rows[:, right] * across[:, None]


def _neighbours(size: int, wanted: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each of `wanted` lines the two of `size` that it lies between, and how much of the second it has."""
    scale = np.float64(np.float32(size / wanted))
    # torch multiplies and subtracts in one instruction, which rounds once
    places = np.maximum((scale * (np.arange(wanted) + 0.5) - 0.5).astype(np.float32), np.float32(0))
    first = np.minimum(places.astype(np.int64), size - 1)
    return first, np.minimum(first + 1, size - 1), places - first.astype(np.float32)


def _filled(side: int) -> int:
    return -(-side // STRIDE) * STRIDE
