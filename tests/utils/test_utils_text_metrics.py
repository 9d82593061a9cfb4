"""Accuracy, F1 and rank correlation: hand-computed values, joining over processes, and what cannot be counted."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import numpy as np
import pytest

from utils.datasets.sts import Side
from utils.metrics.base import Metric
from utils.metrics.similarity import SimilarityCorrelation, cosine
from utils.metrics.text_classification import AccuracyAndF1
from utils.postprocess.pytorch.classification import Ranking
from zoo_core.errors import DataError


def rankings(*classes: int) -> list[Ranking]:
    return [Ranking((one,), (1.0,)) for one in classes]


def test_accuracy_and_f1_of_two_classes() -> None:
    metric: Metric = AccuracyAndF1(2)
    metric.update(rankings(1, 1, 0), [1, 0, 0])
    metric.update(rankings(0, 1), [1, 1])
    # class 1: two of three found are right, two of three that there are were found
    assert metric.compute() == pytest.approx({"accuracy": 3 / 5, "f1": 2 / 3})
    assert [info.name for info in metric.infos] == list(metric.compute())


def test_f1_of_more_classes_is_the_mean_over_them() -> None:
    metric = AccuracyAndF1(3)
    metric.update(rankings(0, 1, 1, 0), [0, 1, 2, 0])
    assert metric.compute() == pytest.approx({"accuracy": 3 / 4, "f1": (1 + 2 / 3 + 0) / 3})


def test_counts_join_to_the_whole() -> None:
    whole, first, second = AccuracyAndF1(2), AccuracyAndF1(2), AccuracyAndF1(2)
    whole.update(rankings(1, 1, 0, 0), [1, 0, 0, 1])
    first.update(rankings(1), [1])
    second.update(rankings(1, 0, 0), [0, 0, 1])
    first.merge(json.loads(json.dumps(second.state())))
    assert first.state() == whole.state()
    assert first.state()["samples"] == 4


@pytest.mark.parametrize("state", [{}, {"confusion": [[1]]}, {"confusion": [[1, 2], [3, -1]]}, {"confusion": "ab"}])
def test_counts_of_something_else_are_refused(state: dict) -> None:
    with pytest.raises(DataError, match="not the counts of 2 classes"):
        AccuracyAndF1(2).merge(state)


def test_what_cannot_be_counted_changes_nothing() -> None:
    metric = AccuracyAndF1(2)
    for predictions, targets in ((rankings(1), []), (rankings(1, 1), [1, 2]), (rankings(1), ["1"])):
        with pytest.raises(DataError):
            metric.update(predictions, targets)
    with pytest.raises(DataError, match="no sample was counted"):
        metric.compute()


@dataclass
class Vector:
    vector: np.ndarray


def pairs(cosines: list[float], scores: list[float]) -> tuple[list[Vector], list[Side]]:
    """Embeddings with these cosines: all first sentences, then all second ones."""
    first = [Vector(np.array([1.0, 0.0], np.float32)) for _ in cosines]
    second = [Vector(np.array([value, math.sqrt(1 - value**2)])) for value in cosines]
    sides = [Side(f"p:{place}", side, score) for side in (1, 2) for place, score in enumerate(scores)]
    return first + second, sides


def test_rank_correlation_by_hand() -> None:
    metric: Metric = SimilarityCorrelation()
    metric.update(*pairs([0.9, 0.5, 0.7, 0.1], [5, 3, 2, 0]))
    # ranks differ by 0, 1, 1, 0: 1 - 6 * 2 / (4 * 15)
    found = metric.compute()
    assert found["spearman"] == pytest.approx(0.8)
    assert found["pearson"] == pytest.approx(np.corrcoef([0.9, 0.5, 0.7, 0.1], [5, 3, 2, 0])[0, 1])
    assert [info.name for info in metric.infos] == list(found)


def test_sentences_find_their_other_half_over_batches_and_processes() -> None:
    vectors, sides = pairs([0.9, 0.5, 0.7, 0.1], [5, 3, 2, 0])
    parts = []
    for rank in range(2):
        part = SimilarityCorrelation()
        for place in range(rank, len(sides), 2):
            part.update(vectors[place : place + 1], sides[place : place + 1])
        parts.append(json.loads(json.dumps(part.state())))
    crossed = SimilarityCorrelation()
    crossed.update(vectors[:4], sides[:4])
    assert math.isnan(crossed.compute()["spearman"])
    other = SimilarityCorrelation()
    other.update(vectors[4:], sides[4:])
    crossed.merge(json.loads(json.dumps(other.state())))
    joined = SimilarityCorrelation()
    for part in parts:
        joined.merge(part)
    for one in (crossed, joined):
        assert one.compute()["spearman"] == pytest.approx(0.8)
        assert one.state()["waiting"] == {}


def test_a_sentence_counts_once() -> None:
    vectors, sides = pairs([0.9, 0.5], [5, 3])
    metric = SimilarityCorrelation()
    metric.update(vectors[:1], sides[:1])
    for again in (sides[:1], [sides[1], sides[1]]):
        with pytest.raises(DataError, match="a second time"):
            metric.update(vectors[: len(again)], again)
    metric.update(vectors[2:3], sides[2:3])
    with pytest.raises(DataError, match="a second time"):
        metric.update(vectors[:1], sides[:1])
    with pytest.raises(DataError, match="here and there"):
        metric.merge(metric.state())
    with pytest.raises(DataError, match="not the counts of a similarity"):
        metric.merge({"pairs": {"a": [1]}, "waiting": {}})
    with pytest.raises(DataError, match="pair, side and score"):
        metric.update(vectors[:1], [3])  # type: ignore[list-item]
    with pytest.raises(DataError, match="no sentence was counted"):
        SimilarityCorrelation().compute()


def test_cosine_of_nothing_is_zero() -> None:
    assert cosine(np.zeros(3), np.ones(3)) == 0
    assert cosine(np.array([1, 2], np.float16), np.array([2, 4], np.float16)) == pytest.approx(1)
