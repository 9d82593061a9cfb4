"""Recommendation among all things: a person in, every thing that the person does not know yet in an order out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.interactions import Interactions, read_question
from utils.datasets.leave_one_out import Candidates
from utils.datasets.sample import Sample
from utils.metrics.recommendation import DEEP, TopItems
from zoo.tasks.recommendation import Ranking, Recommendation
from zoo_core.errors import DataError

_TIE = 0.005  # between logits of two runtimes, relative to the larger one


@dataclass(frozen=True)
class ItemRanking(Recommendation):
    """The input is a person, int64 [1]; the output is a logit for each of the things, [items]. What is known of the
    person is left out of the order; the scores of the others are their softmax, and add up to 1."""

    padding: tuple[float, ...] | None = None

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        """Checks `data` (Candidates, or the Path of a JSON file); the meta is the things that are put in order."""
        asked = self._candidates(data)
        return (np.array([asked.user], np.int64),), asked.items

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[Ranking]:
        logits = np.asarray(outputs[0], np.float32)
        if logits.shape != (len(metas), self.items):
            raise DataError(f"the network gave {list(logits.shape)}; {[len(metas), self.items]} is expected.")
        if not np.isfinite(logits).all():
            raise DataError("the network gave NaN or infinity. In float16 this is often an overflow.")
        return [_ranking(items, row[items]) for items, row in zip(metas, logits, strict=True)]

    def dataset(self, root: Path) -> Sequence[Sample]:
        return Interactions(root, self.users, self.items)

    def metric(self) -> Any:
        return TopItems()

    def agreement(self, one: Ranking, other: Ranking) -> bool:
        """Whether the twenty best things, which the metric looks at, are the same, or as good but for rounding."""
        best, others = one.order()[:DEEP], np.sort(other.keys)[::-1][:DEEP]
        return bool((np.abs(other.keys[best] - others) <= _TIE * np.maximum(1.0, np.abs(others))).all())

    def length(self, data: Any) -> int:
        return 0

    def adapted(self, size: int | None, topk: int) -> ItemRanking:
        return self

    def _candidates(self, data: Any) -> Candidates:
        return data if isinstance(data, Candidates) else read_question(data, self.users, self.items)


def _ranking(items: np.ndarray, logits: np.ndarray) -> Ranking:
    shares = np.exp(logits - logits.max())
    return Ranking(items, shares / shares.sum(), logits)
