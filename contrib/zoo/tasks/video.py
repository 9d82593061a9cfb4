"""Video classification: a clip in, a ranking of classes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.clips import ClipFolder
from utils.datasets.sample import Sample
from utils.metrics.classification import TopKAccuracy
from utils.postprocess.pytorch.classification import Ranking, TopK
from utils.preprocess.clip import CLIP_SUFFIXES, middle_frame
from utils.preprocess.pytorch.video import ClipTransform
from zoo.tasks.ranked import RankedTask


@dataclass(frozen=True)
class VideoClassification(RankedTask):
    """labels: readable class names in index order. keep: how many classes a prediction holds. topk: it is right when
    the true class is among so many."""

    transform: ClipTransform
    labels: tuple[str, ...]
    keep: int = 5
    topk: int = 1
    suffixes: tuple[str, ...] = CLIP_SUFFIXES
    data_name: str = "clip"

    @cached_property
    def _top(self) -> TopK:
        return TopK(self.labels, min(self.keep, len(self.labels)), False)

    @property
    def source_identity(self) -> str:
        return self.transform.source_identity()

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        return self.transform(data, out)

    def dataset(self, root: Path) -> Sequence[Sample]:
        return ClipFolder(root, self.labels)

    def metric(self) -> TopKAccuracy:
        return TopKAccuracy(len(self.labels), self.topk)

    def draw(self, data: Any, prediction: Ranking) -> Any:
        from utils.draw.classification import draw_ranking

        return draw_ranking(middle_frame(data), prediction, self.labels)

    def adapted(self, size: int | None, topk: int) -> VideoClassification:
        transform = self.transform.resized(size) if size else self.transform
        return replace(self, transform=transform, keep=max(self.keep, topk), topk=topk)
