"""Portrait matting: a picture in, how much of each of its pixels belongs to the person out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from utils.datasets.folder import IMAGE_SUFFIXES
from utils.datasets.mattes import Mattes
from utils.datasets.sample import Sample
from utils.metrics.matting import MatteError
from utils.preprocess.fit import Fit
from utils.preprocess.image import load_rgb
from utils.preprocess.pytorch.segmentation import SegmentationTransform, ShorterSide
from zoo.tasks.transformed import Transformed
from zoo_core.errors import DataError

AGREEMENT = 0.005  # the mean difference of two mattes that nobody sees


@dataclass(frozen=True)
class PortraitMatting(Transformed):
    """A prediction is a matte, float32 [H, W], 0 to 1, in the picture's own size."""

    transform: ShorterSide | SegmentationTransform
    suffixes: tuple[str, ...] = IMAGE_SUFFIXES
    data_name: str = "image"
    one_by_one: bool = True

    def postprocess(self, outputs: list[np.ndarray], metas: list[Fit]) -> list[np.ndarray]:
        """From [N, 1, height, width] to N mattes of the pictures' sizes (bilinear); DataError on NaN or infinity."""
        planes = np.asarray(outputs[0], np.float32)
        if not np.isfinite(planes).all():
            raise DataError("the network gave NaN or infinity. In float16 this is often an overflow: try float32.")
        return [_matte(one[0], fit) for one, fit in zip(planes, metas, strict=True)]

    def dataset(self, root: Path) -> Sequence[Sample]:
        return Mattes(root)

    def metric(self) -> MatteError:
        return MatteError()

    def agreement(self, one: np.ndarray, other: np.ndarray) -> bool:
        return one.shape == other.shape and float(np.mean(np.abs(one - other))) <= AGREEMENT

    def describe(self, prediction: np.ndarray, topk: int) -> str:
        """How much of the picture is kept, and how much of it only in part."""
        said = self.to_json(prediction)
        return f"kept {said['kept']:.1%} of the picture; partly kept pixels {said['partly']:.1%}"

    def to_json(self, prediction: np.ndarray) -> dict[str, Any]:
        """{"size": [height, width], "kept": mean of the matte, "partly": fraction of pixels from 0.05 to 0.95}."""
        partly = (prediction > 0.05) & (prediction < 0.95)
        return {"size": list(prediction.shape), "kept": float(prediction.mean()), "partly": float(partly.mean())}

    def draw(self, data: Any, prediction: np.ndarray) -> Any:
        from utils.draw.matting import draw_matte

        return draw_matte(load_rgb(data), prediction)

    def adapted(self, size: int | None, topk: int) -> PortraitMatting:
        return replace(self, transform=self.transform.resized(size)) if size else self


def _matte(plane: np.ndarray, fit: Fit) -> np.ndarray:
    """The picture's part of a plane, scaled to the picture's size."""
    width, height = fit.size
    inside = Image.fromarray(np.ascontiguousarray(plane[:height, :width]))
    return np.clip(np.asarray(inside.resize(fit.original, Image.Resampling.BILINEAR), np.float32), 0, 1)
