"""Click prediction: a row of a click log in, the probability of a click out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.criteo import CATEGORIES, INTEGERS, SUFFIXES, CriteoLog, rows_of
from utils.datasets.sample import Sample
from utils.metrics.ranking import ClickMetrics, agreement
from utils.postprocess.pytorch.click_prediction import Click, clicks
from utils.preprocess.pytorch.click_prediction import ClickFeatures
from zoo.task import Task


@dataclass(frozen=True)
class ClickPrediction(Task):
    """features: a row's text to the network's inputs. probabilities: whether the network's outputs are probabilities
    already; else they are logits."""

    features: ClickFeatures
    suffixes: tuple[str, ...] = SUFFIXES
    data_name: str = "row"
    text_help: str | None = f"a row: {INTEGERS} whole numbers and {CATEGORIES} hexadecimal categories between tabs"
    probabilities: bool = False

    @property
    def source_identity(self) -> str:
        return f"log(1 + x), {self.features.buckets} buckets a field"

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        return self.features(data, out)

    def many(self, data: Sequence[Any]) -> tuple[tuple[np.ndarray, ...], list[Any]]:
        return self.features.many(data), [None] * len(data)

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[Click]:
        return clicks(outputs, metas, self.probabilities)

    def dataset(self, root: Path) -> Sequence[Sample]:
        return CriteoLog(root)

    def samples_in(self, path: Path) -> list[Sample]:
        return rows_of(path)

    def metric(self) -> ClickMetrics:
        return ClickMetrics()

    def agreement(self, one: Click, other: Click) -> bool:
        return agreement(one, other)

    def describe(self, prediction: Click, topk: int) -> str:
        return f"click {prediction.score:.4f}"

    def to_json(self, prediction: Click) -> dict[str, Any]:
        return {"click": prediction.score}

    def draw(self, data: Any, prediction: Click) -> Any:
        from utils.draw.click_prediction import draw_click

        return draw_click(data, prediction.score)
