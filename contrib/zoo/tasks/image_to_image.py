"""Image to image: a picture in, a better or larger one out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.folder import IMAGE_SUFFIXES
from utils.datasets.restoration import Noisy, RestorationPairs, noisy
from utils.datasets.sample import Sample
from utils.metrics.restoration import RestorationQuality, psnr
from utils.preprocess.image import load_rgb
from zoo.task import Task
from zoo_core.errors import DataError

# Two restored pictures agree at this PSNR: a difference that nobody sees.
AGREEMENT_DB = 45.0


@dataclass(frozen=True)
class ImageToImage(Task):
    """The network takes a whole picture of any size: its borders count, so that none is filled up.

    scale: by which the output is larger. grey: whether pictures are grey (else RGB). sigma: the noise that is added to
    the pictures of a data set; None where they come in pairs. middle: only so many pixels from the middle.
    """

    scale: int = 1
    grey: bool = False
    sigma: float | None = None
    middle: int | None = None
    suffixes: tuple[str, ...] = IMAGE_SUFFIXES
    data_name: str = "image"
    one_by_one: bool = True

    @property
    def source_identity(self) -> str:
        noise = f", noise of {self.sigma:g}" if self.sigma is not None else ""
        return f"{'grey' if self.grey else 'RGB'} from 0 to 1, scale {self.scale}{noise}"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        """From `data`, a Path, a PIL picture or a `Noisy` one, to float32 [channels, height, width], 0 to 1."""
        source = data.path if isinstance(data, Noisy) else data
        picture = load_rgb(source).convert("L") if self.grey else load_rgb(source)
        pixels = np.asarray(picture, np.float32)
        if isinstance(data, Noisy):
            pixels = noisy(pixels, data.sigma, data.seed)
        if self.middle is not None:
            pixels = _middle(pixels, self.middle)
        planes = pixels[None] if self.grey else pixels.transpose(2, 0, 1)
        return (np.ascontiguousarray(planes, np.float32) / np.float32(255),), None

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[np.ndarray]:
        """From [N, channels, height, width] to N uint8 pictures; DataError on NaN or infinity."""
        planes = np.asarray(outputs[0], np.float32)
        if not np.isfinite(planes).all():
            raise DataError("the network gave NaN or infinity. In float16 this is often an overflow: try float32.")
        pixels = np.rint(np.clip(planes, 0, 1) * 255).astype(np.uint8)
        return [one[0] if self.grey else one.transpose(1, 2, 0) for one in pixels]

    def dataset(self, root: Path) -> Sequence[Sample]:
        return RestorationPairs(root, self.sigma)

    def metric(self) -> RestorationQuality:
        return RestorationQuality(border=self.scale if self.scale > 1 else 0, grey=self.grey)

    def agreement(self, one: np.ndarray, other: np.ndarray) -> bool:
        return one.shape == other.shape and psnr(one.astype(np.float64), other.astype(np.float64)) >= AGREEMENT_DB

    def describe(self, prediction: np.ndarray, topk: int) -> str:
        height, width = prediction.shape[:2]
        return f"{width} x {height} pixels, mean {prediction.mean():.1f}, deviation {prediction.std():.1f}"

    def to_json(self, prediction: np.ndarray) -> dict[str, Any]:
        height, width = prediction.shape[:2]
        return {"width": width, "height": height, "mean": float(prediction.mean()), "std": float(prediction.std())}

    def draw(self, data: Any, prediction: np.ndarray) -> Any:
        from utils.draw.restoration import draw_before_and_after

        (planes,), _ = self.preprocess(data)
        before = np.rint(np.clip(planes, 0, 1) * 255).astype(np.uint8)
        return draw_before_and_after(before[0] if self.grey else before.transpose(1, 2, 0), prediction)

    def adapted(self, size: int | None, topk: int) -> ImageToImage:
        return replace(self, middle=size) if size else self


def _middle(pixels: np.ndarray, size: int) -> np.ndarray:
    """The square of `size` in the middle. Raises DataError where the picture is smaller."""
    height, width = pixels.shape[:2]
    if min(height, width) < size:
        raise DataError(f"the picture has {width} x {height} pixels, --input_size asks for {size} x {size} of them.")
    top, left = (height - size) // 2, (width - size) // 2
    return pixels[top : top + size, left : left + size]
