"""Tasks whose prediction is a ranking of classes."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from utils.postprocess.pytorch.classification import Ranking, TopK
from zoo.task import Task
from zoo.tasks.transformed import Transformed

if TYPE_CHECKING:
    from utils.metrics.classification import TopKAccuracy

TransformedT = TypeVar("TransformedT", bound="TransformedTask")


class RankedTask(Task):
    """One of several classes. Two runtimes agree on a sample where they mean the same class."""

    @property
    @abstractmethod
    def _top(self) -> TopK:
        """What makes rankings of the network's output, and tells them."""

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[Any]:
        """From scores [N, classes] to N rankings."""
        return self._top(outputs, metas)

    def agreement(self, one: Ranking, other: Ranking) -> bool:
        from utils.metrics.classification import agreement

        return agreement(one, other)

    def tied(self, one: Ranking, other: Ranking, apart: float) -> bool:
        from utils.metrics.classification import tied

        return tied(one, other, apart)

    def describe(self, prediction: Any, topk: int) -> str:
        return self._top.describe(prediction, topk)

    def to_json(self, prediction: Any) -> dict[str, Any]:
        return self._top.to_json(prediction)


class TransformedTask(Transformed, RankedTask):
    """One of several classes of what a transform makes an array of. A subclass is a dataclass that has these fields.

    Attributes:
        transform: the preprocessing.
        labels: readable class names in index order.
        keep: how many classes a prediction holds.
        topk: it is right when the true class is among so many.
        probabilities: whether the network's outputs are probabilities already; else they are logits.
    """

    transform: Any
    labels: tuple[str, ...]
    keep: int
    topk: int
    probabilities: bool = False

    @cached_property
    def _top(self) -> TopK:
        return TopK(self.labels, min(self.keep, len(self.labels)), self.probabilities)

    def metric(self) -> TopKAccuracy:
        from utils.metrics.classification import TopKAccuracy

        return TopKAccuracy(len(self.labels), self.topk)

    def adapted(self: TransformedT, size: int | None, topk: int) -> TransformedT:
        fields: Any = self
        transform = self.transform.resized(size) if size else self.transform
        return replace(fields, transform=transform, keep=max(self.keep, topk), topk=topk)
