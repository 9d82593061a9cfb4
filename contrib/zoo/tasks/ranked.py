"""Tasks whose prediction is a ranking of classes."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from utils.metrics.classification import agreement, tied
from utils.postprocess.pytorch.classification import Ranking, TopK
from zoo.task import Task


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
        return agreement(one, other)

    def tied(self, one: Ranking, other: Ranking, apart: float) -> bool:
        return tied(one, other, apart)

    def describe(self, prediction: Any, topk: int) -> str:
        return self._top.describe(prediction, topk)

    def to_json(self, prediction: Any) -> dict[str, Any]:
        return self._top.to_json(prediction)
