"""Recommendation: a person and some things in, the things in the order of how well they suit out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.leave_one_out import Candidates, LeaveOneOut, read_candidates
from utils.datasets.sample import Sample
from utils.metrics.recommendation import HitRate
from zoo.task import Task
from zoo_core.errors import DataError

_TIE = 0.005  # between scores of two runtimes


@dataclass(frozen=True, eq=False)
class Ranking:
    """items: int64 [n], as they were asked for. scores: float32 [n], 0 to 1. logits: float32 [n], where scores are made
    of them: high ones, which are different, have one score."""

    items: np.ndarray
    scores: np.ndarray
    logits: np.ndarray | None = None

    @property
    def keys(self) -> np.ndarray:
        """What the items are put in order by, the higher the better."""
        return self.scores if self.logits is None else self.logits

    def order(self) -> np.ndarray:
        """Places of the items, the best first."""
        return np.argsort(-self.keys, kind="stable")


@dataclass(frozen=True)
class Recommendation(Task):
    """The inputs are a person, int64 [1], and things, int64 [n]; the output is a score for each of them.

    users, items: how many the network knows. most: things of one question (--input_size).
    """

    users: int
    items: int
    most: int | None = None
    suffixes: tuple[str, ...] = (".json",)
    data_name: str = "question"
    padding: tuple[float, ...] | None = (0.0, 0.0)

    @property
    def source_identity(self) -> str:
        return f"{self.users} users, {self.items} items"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        """Checks `data` (Candidates, or the Path of a JSON file); the meta is the things."""
        asked = self._candidates(data)
        if self.most is not None and len(asked.items) > self.most:
            raise DataError(f"{len(asked.items)} items, and --input_size allows {self.most}.")
        return (np.array([asked.user], np.int64), asked.items), asked.items

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[Ranking]:
        scores = np.asarray(outputs[0], np.float32)
        if scores.ndim != 2 or len(scores) != len(metas):
            raise DataError(f"the network gave {list(scores.shape)} for {len(metas)} samples; [N, items] is expected.")
        found = [Ranking(items, row[: len(items)]) for items, row in zip(metas, scores, strict=True)]
        if not all(np.isfinite(one.scores).all() for one in found):
            raise DataError("the network gave NaN or infinity. In float16 this is often an overflow.")
        return found

    def dataset(self, root: Path) -> Sequence[Sample]:
        return LeaveOneOut(root, self.users, self.items)

    def length(self, data: Any) -> int:
        return len(self._candidates(data).items)

    def metric(self) -> HitRate:
        return HitRate()

    def agreement(self, one: Ranking, other: Ranking) -> bool:
        """Whether the best thing is the same, or as good as the best but for rounding."""
        best = int(one.order()[0])
        return bool(other.scores.max() - other.scores[best] <= _TIE)

    def describe(self, prediction: Ranking, topk: int) -> str:
        best = prediction.order()[:topk]
        return ", ".join(f"item {prediction.items[place]} {prediction.scores[place]:.4f}" for place in best)

    def to_json(self, prediction: Ranking) -> dict[str, Any]:
        order = prediction.order()
        return {"items": prediction.items[order].tolist(), "scores": prediction.scores[order].tolist()}

    def draw(self, data: Any, prediction: Ranking) -> Any:
        from utils.draw.recommendation import draw_ranking

        order = prediction.order()
        return draw_ranking(self._candidates(data).user, prediction.items[order], prediction.scores[order])

    def adapted(self, size: int | None, topk: int) -> Recommendation:
        return replace(self, most=size) if size else self

    def _candidates(self, data: Any) -> Candidates:
        return data if isinstance(data, Candidates) else read_candidates(data, self.users, self.items)
