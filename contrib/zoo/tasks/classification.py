"""Image classification: a picture in, a ranking of classes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.folder import IMAGE_SUFFIXES
from utils.datasets.image_classification_dataset import ImageFolder
from utils.datasets.sample import Sample
from utils.metrics.classification import TopKAccuracy
from utils.postprocess.pytorch.classification import Ranking, TopK
from utils.preprocess.paddle.ocr import PaddleOcrDirectionTransform
from utils.preprocess.pytorch.classification import ClassificationTransform
from zoo.tasks.ranked import RankedTask


@dataclass(frozen=True)
class ImageClassification(RankedTask):
    """labels: readable class names in index order. folders: the class folders' names in a data set, when they
    differ from the labels' order of sorting (WordNet ids for ImageNet). probabilities: whether the network's outputs
    are probabilities already; else they are logits. keep: how many classes a prediction holds. topk: it is right when
    the true class is among so many."""

    transform: ClassificationTransform | PaddleOcrDirectionTransform
    labels: tuple[str, ...]
    folders: tuple[str, ...]
    keep: int = 5
    topk: int = 1
    suffixes: tuple[str, ...] = IMAGE_SUFFIXES
    data_name: str = "image"
    probabilities: bool = False

    @cached_property
    def _top(self) -> TopK:
        return TopK(self.labels, min(self.keep, len(self.labels)), self.probabilities)

    @property
    def source_identity(self) -> str:
        return self.transform.source_identity()

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        return self.transform(data, out)

    def dataset(self, root: Path) -> Sequence[Sample]:
        return ImageFolder(root, self.folders)

    def metric(self) -> TopKAccuracy:
        return TopKAccuracy(len(self.labels), self.topk)

    def draw(self, data: Any, prediction: Ranking) -> Any:
        from utils.draw.classification import draw_ranking
        from utils.preprocess.image import load_rgb

        return draw_ranking(load_rgb(data), prediction, self.labels)

    def adapted(self, size: int | None, topk: int) -> ImageClassification:
        transform = self.transform.resized(size) if size else self.transform
        return replace(self, transform=transform, keep=max(self.keep, topk), topk=topk)

    def fast(self) -> ImageClassification | None:
        if not isinstance(self.transform, ClassificationTransform):
            return None
        return replace(self, transform=replace(self.transform, decoder="fast"))
