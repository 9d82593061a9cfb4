"""Video classification: a clip in, a ranking of classes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.datasets.clips import ClipFolder
from utils.datasets.sample import Sample
from utils.postprocess.pytorch.classification import Ranking
from utils.preprocess.clip import CLIP_SUFFIXES, middle_frame
from utils.preprocess.pytorch.video import ClipTransform
from zoo.tasks.ranked import TransformedTask


@dataclass(frozen=True)
class VideoClassification(TransformedTask):
    """labels: readable class names in index order. keep: how many classes a prediction holds. topk: it is right when
    the true class is among so many."""

    transform: ClipTransform
    labels: tuple[str, ...]
    keep: int = 5
    topk: int = 1
    suffixes: tuple[str, ...] = CLIP_SUFFIXES
    data_name: str = "clip"

    def dataset(self, root: Path) -> Sequence[Sample]:
        return ClipFolder(root, self.labels)

    def draw(self, data: Any, prediction: Ranking) -> Any:
        from utils.draw.classification import draw_ranking

        return draw_ranking(middle_frame(data), prediction, self.labels)
