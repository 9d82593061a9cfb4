"""Attributes of a face: a face that was cut out in, a class for each attribute out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.face_attributes import FaceAttributes, Head
from utils.datasets.folder import IMAGE_SUFFIXES
from utils.datasets.sample import Sample
from utils.metrics.classification import agreement, tied
from utils.metrics.face_attributes import AttributeAccuracy
from utils.postprocess.pytorch.classification import Ranking
from utils.postprocess.pytorch.face_attributes import AttributesDecoder
from utils.preprocess.pytorch.stretch import Stretch
from zoo.tasks.transformed import Transformed


@dataclass(frozen=True)
class FaceAttributeTask(Transformed):
    """A network with an output of logits for each attribute, [N, classes]. A prediction is a ranking for each.

    heads: the attributes, in the order of the outputs.
    """

    transform: Stretch
    heads: tuple[Head, ...]
    suffixes: tuple[str, ...] = IMAGE_SUFFIXES
    data_name: str = "face"

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[tuple[Ranking, ...]]:
        return AttributesDecoder(self.heads)(outputs, metas)

    def dataset(self, root: Path) -> Sequence[Sample]:
        return FaceAttributes(root, self.heads)

    def metric(self) -> AttributeAccuracy:
        return AttributeAccuracy(self.heads)

    def agreement(self, one: Sequence[Ranking], other: Sequence[Ranking]) -> bool:
        return all(map(agreement, one, other))

    def tied(self, one: Sequence[Ranking], other: Sequence[Ranking], apart: float) -> bool:
        """Whether each attribute is the same, or as good as equal to both."""
        pairs = zip(one, other, strict=True)
        return all(agreement(mine, its) or tied(mine, its, apart) for mine, its in pairs)

    def describe(self, prediction: Sequence[Ranking], topk: int) -> str:
        """Such as "age 30-39 (0.712), gender female (0.998), mask no mask (0.999)"."""
        return ", ".join(
            f"{head.name} {head.labels[one.classes[0]]} ({one.scores[0]:.3f})"
            for head, one in zip(self.heads, prediction, strict=True)
        )

    def to_json(self, prediction: Sequence[Ranking]) -> dict[str, Any]:
        """{"age": [{"label": "30-39", "score": …}, …], …}, the best class of each first."""
        return {
            head.name: [
                {"label": head.labels[index], "score": score}
                for index, score in zip(one.classes, one.scores, strict=True)
            ]
            for head, one in zip(self.heads, prediction, strict=True)
        }

    def draw(self, data: Any, prediction: Sequence[Ranking]) -> Any:
        from utils.draw.classification import draw_ranking
        from utils.preprocess.image import upright

        labels = [f"{head.name}: {label}" for head in self.heads for label in head.labels]
        starts = np.cumsum([0, *(len(head.labels) for head in self.heads)])[:-1].tolist()
        pairs = list(zip(starts, prediction, strict=True))
        told = Ranking(tuple(start + one.classes[0] for start, one in pairs), tuple(one.scores[0] for _, one in pairs))
        return draw_ranking(upright(data), told, labels, len(labels))
