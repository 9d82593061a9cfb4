"""Relative depth: a picture in, how near each of its pixels is out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from utils.datasets.depth import DepthPictures
from utils.datasets.folder import IMAGE_SUFFIXES
from utils.datasets.sample import Sample
from utils.metrics.depth import RelativeDepth, agreement
from utils.preprocess.fit import Fit
from utils.preprocess.image import load_rgb
from utils.preprocess.pytorch.depth import PatchedSide
from zoo.tasks.transformed import Transformed
from zoo_core.errors import DataError


@dataclass(frozen=True)
class RelativeDepthEstimation(Transformed):
    """A prediction is inverse depth, float32 [H, W] in the picture's own size, up to a scale and a shift."""

    transform: PatchedSide
    suffixes: tuple[str, ...] = IMAGE_SUFFIXES
    data_name: str = "image"
    one_by_one: bool = True

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        return self.transform(data)

    def postprocess(self, outputs: list[np.ndarray], metas: list[Fit]) -> list[np.ndarray]:
        """From [N, height, width] to N maps of the pictures' sizes (bilinear); DataError on NaN or infinity."""
        maps = np.asarray(outputs[0], np.float32)
        if not np.isfinite(maps).all():
            raise DataError("the network gave NaN or infinity. In float16 this is often an overflow: try float32.")
        scaled = [
            Image.fromarray(one).resize(fit.original, Image.Resampling.BILINEAR)
            for one, fit in zip(maps, metas, strict=True)
        ]
        return [np.asarray(one, np.float32) for one in scaled]

    def dataset(self, root: Path) -> Sequence[Sample]:
        return DepthPictures(root)

    def metric(self) -> RelativeDepth:
        return RelativeDepth()

    def agreement(self, one: np.ndarray, other: np.ndarray) -> bool:
        return agreement(one, other)

    def describe(self, prediction: np.ndarray, topk: int) -> str:
        """Where the nearest and the farthest pixel are."""
        said = self.to_json(prediction)
        return f"nearest at column {said['nearest'][0]}, row {said['nearest'][1]}; farthest at column " + (
            f"{said['farthest'][0]}, row {said['farthest'][1]}; inverse depth {said['low']:.3f} to {said['high']:.3f}"
        )

    def to_json(self, prediction: np.ndarray) -> dict[str, Any]:
        """{"size": [height, width], "nearest", "farthest": [column, row], "low", "high": of the inverse depth}."""
        nearest, farthest = (
            np.unravel_index(int(place), prediction.shape) for place in (prediction.argmax(), prediction.argmin())
        )
        return {
            "size": list(prediction.shape),
            "nearest": [int(nearest[1]), int(nearest[0])],
            "farthest": [int(farthest[1]), int(farthest[0])],
            "low": float(prediction.min()),
            "high": float(prediction.max()),
        }

    def draw(self, data: Any, prediction: np.ndarray) -> Any:
        from utils.draw.depth import draw_depth

        return draw_depth(load_rgb(data), prediction)

    def adapted(self, size: int | None, topk: int) -> RelativeDepthEstimation:
        return replace(self, transform=self.transform.resized(size)) if size else self
