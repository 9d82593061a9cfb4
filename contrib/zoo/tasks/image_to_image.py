"""Image to image: a picture in, a better or larger one out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from utils.datasets.folder import IMAGE_SUFFIXES
from utils.datasets.restoration import Noisy, RestorationPairs, noisy
from utils.datasets.sample import Sample
from utils.metrics.restoration import RestorationQuality, psnr
from utils.preprocess.image import load_rgb
from utils.preprocess.luma import to_rgb, to_ycbcr
from zoo.task import Task
from zoo_core.errors import DataError

# Two restored pictures agree at this PSNR: a difference that nobody sees.
AGREEMENT_DB = 45.0


@dataclass(frozen=True)
class ImageToImage(Task):
    """The network takes a whole picture of any size: its borders count, so that none is filled up.

    scale: by which the output is larger. grey: whether pictures are grey (else RGB). luma: whether the network sees the
    luma of colour pictures only (BT.601, 16 to 235), whose colours Pillow enlarges (bicubic). sigma: the noise that is
    added to the pictures of a data set; None where they come in pairs. multiple: of which height and width have to be.
    middle: only so many pixels from the middle.
    """

    scale: int = 1
    grey: bool = False
    luma: bool = False
    sigma: float | None = None
    multiple: int = 1
    middle: int | None = None
    suffixes: tuple[str, ...] = IMAGE_SUFFIXES
    data_name: str = "image"
    one_by_one: bool = True

    @property
    def source_identity(self) -> str:
        noise = f", noise of {self.sigma:g}" if self.sigma is not None else ""
        return f"{'grey' if self.grey else 'luma' if self.luma else 'RGB'} from 0 to 1, scale {self.scale}{noise}"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        """From `data`, a Path, a PIL picture or a `Noisy` one, to float32 [channels, height, width], 0 to 1.

        With it comes the colour of the picture, float32 [2, height, width], where the network sees luma only, or None.
        """
        pixels = self._pixels(data)
        height, width = pixels.shape[:2]
        if height % self.multiple or width % self.multiple:
            raise DataError(
                f"the picture has {width} x {height} pixels; this network takes sides that are multiples of "
                f"{self.multiple}. Crop it first."
            )
        planes = pixels[None] if self.grey else to_ycbcr(pixels) if self.luma else pixels.transpose(2, 0, 1)
        seen, colour = (planes[:1], planes[1:]) if self.luma else (planes, None)
        return (np.ascontiguousarray(seen, np.float32) / np.float32(255),), colour

    def _pixels(self, data: Any) -> np.ndarray:
        """float32 [height, width, 3] in RGB, or [height, width], 0 to 255."""
        source = data.path if isinstance(data, Noisy) else data
        picture = load_rgb(source).convert("L") if self.grey else load_rgb(source)
        pixels = np.asarray(picture, np.float32)
        if isinstance(data, Noisy):
            pixels = noisy(pixels, data.sigma, data.seed)
        return pixels if self.middle is None else _middle(pixels, self.middle)

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[np.ndarray]:
        """From [N, channels, height, width] to N uint8 pictures; DataError on NaN or infinity."""
        planes = np.asarray(outputs[0], np.float32)
        if not np.isfinite(planes).all():
            raise DataError("the network gave NaN or infinity. In float16 this is often an overflow: try float32.")
        return [_rounded(self._picture(one, colour)) for one, colour in zip(planes * 255, metas, strict=True)]

    def _picture(self, planes: np.ndarray, colour: np.ndarray | None) -> np.ndarray:
        """[height, width, 3] in RGB, or [height, width], 0 to 255, of what the network gave of one picture."""
        if self.grey:
            return planes[0]
        if colour is None:
            return planes.transpose(1, 2, 0)
        size = planes.shape[:0:-1]
        enlarged = [Image.fromarray(plane).resize(size, Image.Resampling.BICUBIC) for plane in colour]
        return to_rgb(np.stack([planes[0], *map(np.asarray, enlarged)]))

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

        return draw_before_and_after(_rounded(self._pixels(data)), prediction)

    def adapted(self, size: int | None, topk: int) -> ImageToImage:
        return replace(self, middle=size) if size else self


def _rounded(pixels: np.ndarray) -> np.ndarray:
    """uint8 of values around 0 to 255."""
    return np.rint(np.clip(pixels, 0, 255)).astype(np.uint8)


def _middle(pixels: np.ndarray, size: int) -> np.ndarray:
    """The square of `size` in the middle. Raises DataError where the picture is smaller."""
    height, width = pixels.shape[:2]
    if min(height, width) < size:
        raise DataError(f"the picture has {width} x {height} pixels, --input_size asks for {size} x {size} of them.")
    top, left = (height - size) // 2, (width - size) // 2
    return pixels[top : top + size, left : left + size]
