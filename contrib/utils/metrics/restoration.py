"""How near a restored picture is to the true one: PSNR and SSIM, as the field of super-resolution computes them.

The luma of a colour picture (ITU-R BT.601, 16 to 235, as MATLAB's rgb2ycbcr gives it) is compared, from pixels that
were rounded to 0 to 255, without a border as wide as the scale. SSIM: Wang et al., Image Quality Assessment, 2004: a
Gaussian window of 11 x 11 with deviation 1.5, K1 0.01, K2 0.03, where the window lies within the picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from utils.metrics.base import MetricInfo
from utils.metrics.counts import fields_of
from utils.metrics.exact import ExactSum
from utils.preprocess.image import load_rgb
from utils.preprocess.luma import LUMA
from zoo_core.errors import DataError

_WINDOW, _DEVIATION = 11, 1.5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_BEST = 100.0  # decibels that stand for equal pictures, so that a mean exists


class RestorationQuality:
    """Mean PSNR (primary, decibels) and SSIM over pictures.

    Args:
        border: pixels that are left out on each side.
        grey: whether the pictures are grey, and are compared as they are.
    """

    infos = (
        MetricInfo("psnr", "dB", 0.0, _BEST, True),
        MetricInfo("ssim", "fraction", -1.0, 1.0, True),
    )

    def __init__(self, border: int = 0, grey: bool = False) -> None:
        self._border = border
        self._grey = grey
        self._count, self._psnr, self._ssim = 0, ExactSum(), ExactSum()

    def update(self, predictions: Sequence[np.ndarray], truths: Sequence[Path]) -> None:
        """Count a batch.

        Args:
            predictions: restored pictures, uint8 [height, width, 3] in RGB, or [height, width].
            truths: the files of the true ones.

        Raises:
            DataError: a picture has another size than the true one; nothing of the batch has been counted then.
        """
        figures = [self._figures(one, path) for one, path in zip(predictions, truths, strict=True)]
        self._count += len(figures)
        self._psnr.add(psnr for psnr, _ in figures)
        self._ssim.add(ssim for _, ssim in figures)

    def _figures(self, restored: np.ndarray, path: Path) -> tuple[float, float]:
        true = np.asarray(load_rgb(path).convert("L") if self._grey else load_rgb(path))
        height, width = restored.shape[:2]
        true = true[:height, :width]  # pictures whose sides the scale does not divide were cut before they were shrunk
        if true.shape != restored.shape:
            raise DataError(
                f"{path.name}: restored as {list(restored.shape)}, and the true picture is {list(true.shape)}."
            )
        one, other = (_compared(pixels, self._grey, self._border) for pixels in (restored, true))
        if min(one.shape) < _WINDOW:
            raise DataError(f"{path.name}: {list(one.shape)} pixels are too few for a window of {_WINDOW}.")
        return psnr(one, other), ssim(one, other)

    def compute(self) -> dict[str, float]:
        """{"psnr", "ssim"}; DataError when nothing was counted."""
        if not self._count:
            raise DataError("no picture was counted. Is the data set empty?")
        return {"psnr": self._psnr.value / self._count, "ssim": self._ssim.value / self._count}

    def state(self) -> dict[str, Any]:
        """The counts so far, fit for JSON."""
        return {"count": self._count, "psnr": self._psnr.state(), "ssim": self._ssim.state()}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        fields = fields_of(state, ("count", "psnr", "ssim"), "a restoration")
        count = fields["count"]
        sums = [ExactSum.of(fields[info.name], count, info.low, info.high) for info in self.infos]
        self._count += count
        for own, more in zip((self._psnr, self._ssim), sums, strict=True):
            own.add(more.state())


def _compared(pixels: np.ndarray, grey: bool, border: int) -> np.ndarray:
    """float64 [height, width], 0 to 255, without the border."""
    plane = pixels.astype(np.float64) if grey else pixels.astype(np.float64) @ LUMA + 16.0
    return plane[border : plane.shape[0] - border, border : plane.shape[1] - border]


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """Peak signal to noise of two planes of 0 to 255, in decibels; 100 where they are equal."""
    error = float(np.mean((one - other) ** 2))
    return min(10 * math.log10(255.0**2 / error), _BEST) if error else _BEST


def ssim(one: np.ndarray, other: np.ndarray) -> float:
    """Structural similarity of two planes of 0 to 255, averaged over every window that lies within them."""
    mean_one, mean_other = _smoothed(one), _smoothed(other)
    variance_one = _smoothed(one * one) - mean_one**2
    variance_other = _smoothed(other * other) - mean_other**2
    covariance = _smoothed(one * other) - mean_one * mean_other
    likeness = (2 * mean_one * mean_other + _C1) * (2 * covariance + _C2)
    scale = (mean_one**2 + mean_other**2 + _C1) * (variance_one + variance_other + _C2)
    return float(np.mean(likeness / scale))


def _smoothed(plane: np.ndarray) -> np.ndarray:
    """Gaussian means, where the window lies within the plane."""
    places = np.arange(_WINDOW) - _WINDOW // 2
    weights = np.exp(-(places**2) / (2 * _DEVIATION**2))
    weights /= weights.sum()
    for axis in (0, 1):
        windows = np.lib.stride_tricks.sliding_window_view(plane, _WINDOW, axis=axis)
        plane = windows @ weights
    return plane
