"""Image classification: a picture in, a ranking of classes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.datasets.folder import IMAGE_SUFFIXES
from utils.datasets.sample import Sample
from utils.postprocess.pytorch.classification import Ranking
from utils.preprocess.pytorch.classification import ClassificationTransform
from zoo.tasks.ranked import TransformedTask

if TYPE_CHECKING:
    from utils.preprocess.paddle.ocr import PaddleOcrDirectionTransform


@dataclass(frozen=True)
class ImageClassification(TransformedTask):
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

    def dataset(self, root: Path) -> Sequence[Sample]:
        from utils.datasets.image_classification_dataset import ImageFolder

        return ImageFolder(root, self.folders)

    def draw(self, data: Any, prediction: Ranking) -> Any:
        from utils.draw.classification import draw_ranking
        from utils.preprocess.image import load_rgb

        return draw_ranking(load_rgb(data), prediction, self.labels)

    def fast(self) -> ImageClassification | None:
        if not isinstance(self.transform, ClassificationTransform):
            return None
        return replace(self, transform=replace(self.transform, decoder="fast"))
