"""Semantic segmentation: a picture in, the class of each of its pixels out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.folder import IMAGE_SUFFIXES
from utils.datasets.sample import Sample
from utils.datasets.voc_segmentation import VocSegmentation
from utils.metrics.segmentation import MeanIoU, agreement
from utils.postprocess.pytorch.segmentation import Segmenter, Segments, run_lengths
from utils.preprocess.pytorch.segmentation import SegmentationTransform, ShorterSide
from zoo.tasks.transformed import Transformed


@dataclass(frozen=True)
class SemanticSegmentation(Transformed):
    """labels: readable class names in index order; the first is the background, which is not tinted in pictures.
    averaged: of how many classes the metric is the mean; those behind them are of no interest (CamVid's void), and are
    mistakes wherever they are predicted. None: of all. one_by_one: whether each picture has an input size of its own.
    layout: reads a data set, of a folder and the number of classes.
    """

    transform: SegmentationTransform | ShorterSide
    labels: tuple[str, ...]
    averaged: int | None = None
    suffixes: tuple[str, ...] = IMAGE_SUFFIXES
    data_name: str = "image"
    one_by_one: bool = False
    layout: Callable[[Path, int], Sequence[Sample]] = VocSegmentation

    @cached_property
    def _segmenter(self) -> Segmenter:
        return Segmenter(len(self.labels))

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[Segments]:
        return self._segmenter(outputs, metas)

    def dataset(self, root: Path) -> Sequence[Sample]:
        return self.layout(root, len(self.labels))

    def metric(self) -> MeanIoU:
        return MeanIoU(len(self.labels), self.averaged)

    def agreement(self, one: Segments, other: Segments) -> bool:
        return agreement(one, other)

    def describe(self, prediction: Segments, topk: int) -> str:
        """All classes that cover a thousandth of the picture or more, and their shares, the largest first."""
        shares = [(index, share) for index, share in prediction.shares() if share >= 0.001]
        return ", ".join(f"{self.labels[index]} {share:.1%}" for index, share in shares)

    def to_json(self, prediction: Segments) -> dict[str, Any]:
        """{"size": [height, width], "classes": [{"index", "label", "share", "counts"}, …]}, the largest class first.

        counts are COCO's uncompressed run lengths of the class's pixels, which pycocotools reads.
        """
        return {
            "size": list(prediction.mask.shape),
            "classes": [
                {
                    "index": index,
                    "label": self.labels[index],
                    "share": share,
                    "counts": run_lengths(prediction.mask == index),
                }
                for index, share in prediction.shares()
            ],
        }

    def draw(self, data: Any, prediction: Segments) -> Any:
        from utils.draw.segmentation import draw_segments
        from utils.preprocess.image import load_rgb

        return draw_segments(load_rgb(data), prediction, self.labels)

    def adapted(self, size: int | None, topk: int) -> SemanticSegmentation:
        return replace(self, transform=self.transform.resized(size)) if size else self
