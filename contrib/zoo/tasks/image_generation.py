"""Image generation: a seed in, a sheet of pictures out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.generated import RealPictures, checked_seed, read_seed
from utils.datasets.sample import Sample
from utils.metrics.image_generation import PixelDistance
from zoo.task import Task
from zoo_core.errors import DataError
from zoo_core.numbers import is_whole

_SAME = 1.0  # of 255, on average over a sheet's pixels: what two runtimes may differ by


@dataclass(frozen=True, eq=False)
class Sheet:
    """images: uint8 [n, side, side], 255 for ink. seed: what they were made from."""

    images: np.ndarray
    seed: int


@dataclass(frozen=True)
class ImageGeneration(Task):
    """The input is noise, float32 [images, latent], standard normal, which follows from the seed; the output pictures,
    float32 [N, images, 1, side, side], 0 to 1.

    latent: numbers that a picture is made of. side: its height and width. images: how many a seed gives
    (--input_size).
    """

    latent: int
    side: int
    images: int = 16
    suffixes: tuple[str, ...] = (".json",)
    data_name: str = "sheet"
    text_help: str | None = "a seed, a whole number"

    @property
    def source_identity(self) -> str:
        return f"numpy RandomState, standard normal, {self.images} x {self.latent} numbers a seed"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], int]:
        """From `data`, a seed or the Path of a file that names one; the meta is the seed."""
        seed = checked_seed("the sample", data) if type(data) is int else read_seed(data)
        noise = np.random.RandomState(seed).standard_normal((self.images, self.latent))
        if out is None:
            return (noise.astype(np.float32),), seed
        np.copyto(out[0], noise, casting="same_kind")
        return out, seed

    def postprocess(self, outputs: list[np.ndarray], metas: list[int]) -> list[Sheet]:
        pixels = np.asarray(outputs[0], np.float32)
        if pixels.ndim != 5 or len(pixels) != len(metas) or pixels.shape[2:] != (1, self.side, self.side):
            raise DataError(
                f"the network gave an output of {list(pixels.shape)}, expected [{len(metas)}, images, 1, {self.side}, "
                f"{self.side}]. Is this the checkpoint of another model?"
            )
        if not np.isfinite(pixels).all():
            raise DataError("the network gave NaN or infinity. In float16 this is often an overflow: try float32.")
        images = np.rint(np.clip(pixels[:, :, 0], 0, 1) * 255).astype(np.uint8)
        return [Sheet(one, seed) for one, seed in zip(images, metas, strict=True)]

    def dataset(self, root: Path) -> Sequence[Sample]:
        return RealPictures(root, self.images, self.side)

    def metric(self) -> PixelDistance:
        return PixelDistance()

    def agreement(self, one: Sheet, other: Sheet) -> bool:
        apart = np.abs(one.images.astype(np.float64) - other.images)
        return float(apart.mean()) <= _SAME

    def describe(self, prediction: Sheet, topk: int) -> str:
        count, height, width = prediction.images.shape
        ink = prediction.images.mean() / 255
        return f"seed {prediction.seed}: {count} pictures of {width} x {height} pixels, {ink:.1%} ink"

    def to_json(self, prediction: Sheet) -> dict[str, Any]:
        return {"seed": prediction.seed, "images": prediction.images.tolist()}

    def draw(self, data: Any, prediction: Sheet) -> Any:
        from utils.draw.generated import sheet

        return sheet(prediction.images)

    def adapted(self, size: int | None, topk: int) -> ImageGeneration:
        return replace(self, images=size) if size else self

    def from_text(self, text: str) -> int:
        """The seed that was typed. Raises DataError where it is none."""
        if not is_whole(text, 18):
            raise DataError(f"{text!r:.40} is no seed; a whole number is expected.")
        return checked_seed("what was typed", int(text))
