"""Preprocessing of image classifiers, equal to torchvision's, without torch.

Resize (shorter side, Pillow's antialiased resampling) → CenterCrop → ToTensor → Normalize. After the crop a
pixel is one of 256 values, so dividing and normalising is a look-up in a table that is computed with the same
float32 operations as torchvision's: the results are equal to the bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from utils.preprocess.image import (
    ImageSource,
    codecs,
    crop_center,
    load_rgb,
    load_scaled,
    resize_and_border,
    resize_and_crop,
    resize_shorter,
    shorter_size,
    to_planes,
)
from utils.preprocess.resampled import LOADER, covers, installed
from zoo_core.errors import DataError

DTYPES = ("float16", "float32")
CHANNELS = {"RGB": 3, "L": 1}
CROP_MODES = ("center", "squash", "border")
RESAMPLE = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


@dataclass(frozen=True)
class ClassificationTransform:
    """One image to the array that a classifier takes, as torchvision does it.

    Attributes:
        resize: the shorter side after scaling, in pixels.
        crop: side of the square cut from the centre, in pixels; black is added where the image is smaller. With
            `width`, the height.
        mean, std: per channel, in units of [0, 1]; one number for each channel of `mode`.
        interpolation: "bilinear" or "bicubic".
        decoder: "reference", equal to torchvision to the bit, or "fast": JPEGs are decoded at a smaller scale where
            that leaves enough pixels; without numba, the crop alone is computed, and its edges are rounded.
        mode: "RGB" (3 channels in that order) or "L" (1 channel, luma of the RGB image).
        crop_mode: "center" as described; "squash" scales both sides to `resize`, whatever the proportions; "border"
            scales the longer side to `resize` and fills up with the colour `mean`, as timm does both.
        width: of an input that is no square: with "squash" only, and then the image is scaled to `crop` x `width`
            pixels, whatever its proportions, and `resize` is `crop`. None: as `crop`.
    """

    resize: int
    crop: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    mode: Literal["RGB", "L"] = "RGB"
    decoder: Literal["reference", "fast"] = "reference"
    crop_mode: Literal["center", "squash", "border"] = "center"
    width: int | None = None

    def __post_init__(self) -> None:
        if self.resize < 1 or self.crop < 1:
            raise ValueError(f"resize {self.resize} and crop {self.crop} must both be at least 1")
        if self.mode not in CHANNELS or self.interpolation not in RESAMPLE:
            raise ValueError(
                f"mode {self.mode!r} must be one of {list(CHANNELS)}, interpolation {self.interpolation!r} "
                f"one of {list(RESAMPLE)}"
            )
        if self.crop_mode not in CROP_MODES:
            raise ValueError(f"crop_mode {self.crop_mode!r} must be one of {list(CROP_MODES)}")
        if self.width is not None and (self.width < 1 or self.crop_mode != "squash" or self.resize != self.crop):
            raise ValueError(f"width {self.width}: at least 1, with crop_mode 'squash' and resize equal to crop")
        if not len(self.mean) == len(self.std) == CHANNELS[self.mode] or 0 in self.std:
            raise ValueError(f"mean {self.mean} and std {self.std}: one number a channel of {self.mode}, std not 0")

    def __call__(
        self, source: ImageSource, out: tuple[np.ndarray, ...] | None = None
    ) -> tuple[tuple[np.ndarray, ...], tuple[int, int]]:
        """Preprocess one image.

        Args:
            source: path, file content as bytes, or PIL image.
            out: where to write: a tuple of one float32 or float16 array of `shape`. Left out, a float32
                array is made.

        Returns:
            ((array of `shape`,), (width, height) of the original image in pixels).

        Raises:
            DataError: the image cannot be read (see `load_rgb`) or is too narrow to be scaled.
            ValueError: `out` does not fit.
        """
        array = np.empty(self.shape, np.float32) if out is None else self._checked(out)
        table = lookup_table(self.mean, self.std, array.dtype.name)
        if self.decoder == "fast":
            image, original = load_scaled(source, max(self.resize, self.width or 0))
        else:
            image = load_rgb(source)
            original = image.size
        if not self._in_one_pass(image, table, array):
            to_planes(self._cut(image if self.mode == "RGB" else image.convert(self.mode)), table, array)
        return (array,), original

    def _in_one_pass(self, image: Image.Image, table: np.ndarray, out: np.ndarray) -> bool:
        """Whether the compiled kernel did it: the same bits, of a crop that lies within the scaled picture."""
        if self.crop_mode != "center" or self.mode != "RGB" or out.dtype != np.float32:
            return False
        cut = LOADER.ready()
        if cut is None or self.resize < self.crop or min(image.size) == self.resize:
            return False
        size = shorter_size(*image.size, self.resize)
        if not covers(image.size, size):
            return False
        left, top = (self._start(side, self.crop) for side in size)
        cut(image, size, (left, top), RESAMPLE[self.interpolation], table, out)
        return True

    def _cut(self, image: Image.Image) -> Image.Image:
        """`image` scaled and cut to the crop, as the crop mode says."""
        resample = RESAMPLE[self.interpolation]
        if self.width is not None:
            return image.resize((self.width, self.crop), resample)
        if self.crop_mode == "squash":
            image = image.resize((self.resize, self.resize), resample)
        elif self.crop_mode == "border":
            return resize_and_border(image, self.resize, self.crop, resample, self._border)
        elif self._rounds:
            return resize_and_crop(image, self.resize, self.crop, resample, self._start)
        else:
            image = resize_shorter(image, self.resize, resample)
        return crop_center(image, self.crop, self._start)

    @property
    def _border(self) -> tuple[int, ...]:
        """The colour that is normalised to nearly 0."""
        return tuple(round(255 * value) for value in self.mean)

    @property
    def _rounds(self) -> bool:
        """Whether Pillow computes the crop alone, which rounds its edges. Where there is a kernel, that is sooner, and
        exact; what Pillow does before it is loaded has to be the same then."""
        return self.decoder == "fast" and (self.mode != "RGB" or not installed())

    def source_identity(self) -> str:
        """What decodes and scales, with versions: two results with the same identity saw the same pixels."""
        crop = ", rounded crop" if self._rounds and self.crop_mode == "center" else ""
        mode = "" if self.crop_mode == "center" else f", {self.crop_mode}"
        return f"{codecs()}, {self.interpolation}{crop}, {self.decoder}{mode}"

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of the array that a call gives: (C, crop, width), the width being `crop` by default."""
        return (CHANNELS[self.mode], self.crop, self.width or self.crop)

    def resized(self, size: int) -> "ClassificationTransform":
        """The same for inputs of size x size pixels, with the resize in the same proportion: 299 → 342 for 256/224.

        Raises:
            DataError: `size` is below 1.
        """
        if size < 1:
            raise DataError(f"input size {size}: it must be at least 1 pixel.")
        return replace(self, crop=size, resize=max(round(size * self.resize / self.crop), 1), width=None)

    def _checked(self, out: tuple[np.ndarray, ...]) -> np.ndarray:
        if len(out) != 1 or out[0].shape != self.shape or out[0].dtype.name not in DTYPES:
            got = ", ".join(f"{array.dtype} {list(array.shape)}" for array in out)
            raise ValueError(f"out must be one float32 or float16 array of {list(self.shape)}, got {got or 'none'}")
        return out[0]

    @staticmethod
    def _start(length: int, size: int) -> int:
        """First pixel of the crop; a side that is too short gets black, the odd pixel at its end."""
        return -((size - length) // 2) if length < size else round((length - size) / 2)


@lru_cache
def lookup_table(mean: tuple[float, ...], std: tuple[float, ...], dtype: str) -> np.ndarray:
    """What becomes of 0 … 255 in each channel: [C, 256], computed in float32, then rounded to `dtype`."""
    unit = np.arange(256, dtype=np.float32) / np.float32(255)
    shift, scale = (np.asarray(values, np.float32)[:, None] for values in (mean, std))
    table = ((unit - shift) / scale).astype(dtype)
    table.flags.writeable = False
    return table


IMAGENET = ClassificationTransform(256, 224, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))


def preprocess(
    image_path: ImageSource | Sequence[ImageSource],
    dtype: str = "float16",
    resize_shape: int = 256,
    crop_shape: int = 224,
) -> np.ndarray:
    """One image or several to the batch that an ImageNet classifier takes.

    Args:
        image_path: a path, a PIL image, or a list of either.
        dtype: "float16" or "float32" of the result; computed in float32 either way.
        resize_shape: the shorter side after scaling, in pixels.
        crop_shape: side of the square cut from the centre, in pixels.

    Returns:
        [N, 3, crop_shape, crop_shape], RGB, normalised with ImageNet's mean and deviation.

    Raises:
        DataError: an image cannot be read, `image_path` is empty or of another type, or an option is not usable.
    """
    return run_batch(IMAGENET, image_path, dtype, resize_shape, crop_shape)


def run_batch(transform: ClassificationTransform, x: Any, dtype: str, resize_shape: int, crop_shape: int) -> np.ndarray:
    """Check the arguments of `preprocess` and run `transform` with them; shared with the Paddle side."""
    sources = [x] if isinstance(x, (str, Path, bytes, Image.Image)) else x
    if not isinstance(sources, (list, tuple)) or not sources:
        raise DataError(f"a path, a PIL image or a list of them is expected, got {type(x).__name__} {x!r:.80}.")
    for item in sources:
        if not isinstance(item, (str, Path, bytes, Image.Image)):
            raise DataError(f"a list of paths or PIL images is expected, it holds a {type(item).__name__}.")
    if dtype not in DTYPES:
        raise DataError(f"dtype {dtype!r}: expected one of {', '.join(DTYPES)}.")
    if resize_shape < 1 or crop_shape < 1:
        raise DataError(f"resize_shape {resize_shape} and crop_shape {crop_shape} must both be at least 1.")
    fitted = replace(transform, resize=resize_shape, crop=crop_shape)
    out = np.empty((len(sources), *fitted.shape), dtype)
    for slot, item in zip(out, sources, strict=True):
        fitted(item, (slot,))
    return out
