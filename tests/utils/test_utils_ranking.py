"""AUC and log loss of scores."""

import json
import math

import numpy as np
import pytest

from utils.metrics.ranking import ClickMetrics, agreement
from utils.postprocess.pytorch.click_prediction import Click, clicks
from zoo_core.errors import DataError


def metric(*pairs: tuple[float, int]) -> ClickMetrics:
    made = ClickMetrics()
    made.update([Click(score) for score, _ in pairs], [label for _, label in pairs])
    return made


def test_values_computed_by_hand() -> None:
    figures = metric((0.9, 1), (0.6, 0), (0.6, 1), (0.1, 0)).compute()
    # pairs (clicked, not): 0.9 > 0.6, 0.9 > 0.1, 0.6 = 0.6 (half), 0.6 > 0.1
    assert figures["auc"] == pytest.approx(3.5 / 4)
    assert figures["log_loss"] == pytest.approx(-(2 * math.log(0.9) + math.log(0.4) + math.log(0.6)) / 4)
    assert metric((0.1, 1), (0.9, 0)).compute()["auc"] == 0


def test_parts_join_to_the_whole() -> None:
    random = np.random.default_rng(0)
    scores, labels = random.random(101).tolist(), random.integers(0, 2, 101).tolist()
    whole = metric(*zip(scores, labels, strict=True))
    joined = ClickMetrics()
    for part in (slice(0, 0), slice(0, 33), slice(33, 101)):
        one = metric(*zip(scores[part], labels[part], strict=True))
        joined.merge(json.loads(json.dumps(one.state())))
    assert joined.compute() == whole.compute()
    assert joined.state() == whole.state()
    joined.update([Click(0.5)], [1])
    assert joined.state()["samples"] == 102


def test_what_cannot_be_counted() -> None:
    with pytest.raises(DataError, match="no sample"):
        ClickMetrics().compute()
    with pytest.raises(DataError, match="all 2 labels are 1"):
        metric((0.1, 1), (0.2, 1)).compute()
    for scores, labels in (([0.1], [2]), ([0.1], [None]), ([1.5], [0]), ([math.nan], [0]), ([0.5], [0, 1])):
        made = ClickMetrics()
        with pytest.raises(DataError):
            made.update([Click(score) for score in scores], labels)
        assert made.state()["samples"] == 0
    good = metric((0.1, 1)).state()
    wrong = [{}, {"auc": 1}, good | {"samples": 2}, good | {"scores": "?"}, good | {"samples": None}]
    for state in wrong:
        with pytest.raises(DataError, match=r"not the (scores|counts)"):
            ClickMetrics().merge(state)


def test_logits_become_probabilities() -> None:
    found = clicks([np.array([[0.0], [2.0], [-800.0], [800.0]], np.float32)], [None] * 4)
    assert [one.score for one in found] == pytest.approx([0.5, 1 / (1 + math.exp(-2)), 0, 1])
    assert clicks([np.array([[1]], np.float16)], [None])[0].score == pytest.approx(1 / (1 + math.exp(-1)))
    for output in (np.zeros((2, 2)), np.zeros(2), np.zeros((1, 1)), np.array([[0.0], [np.nan]])):
        with pytest.raises(DataError):
            clicks([output], [None] * 2)


def test_agreement_is_what_float16_rounds() -> None:
    assert agreement(Click(0.5), Click(0.5015))
    assert not agreement(Click(0.5), Click(0.503))
