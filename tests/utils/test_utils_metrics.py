"""Accuracy counts right, joins over processes, and refuses what it cannot count."""

import json

import numpy as np
import pytest

from utils.metrics.base import Metric, MetricInfo
from utils.metrics.classification import TopKAccuracy, agreement, tied
from utils.postprocess.pytorch.classification import Ranking
from zoo_core.errors import DataError


def ranking(*classes: int) -> Ranking:
    return Ranking(classes, tuple(1 / (place + 2) for place in range(len(classes))))


PREDICTIONS = [ranking(0, 1, 2, 3, 4), ranking(5, 6, 7, 8, 9), ranking(9, 0, 1, 2, 3), ranking(1, 2, 3, 4, 5)]
TRUTHS = [0, 9, 4, 1]


def test_top1_and_top5_are_fractions():
    metric: Metric = TopKAccuracy()
    metric.update(PREDICTIONS[:3], TRUTHS[:3])
    metric.update(PREDICTIONS[3:], TRUTHS[3:])
    assert metric.compute() == {"top1": 0.5, "top5": 0.75}
    assert metric.infos[0] == MetricInfo("top1", "fraction", 0.0, 1.0, True)
    assert [info.name for info in metric.infos] == list(metric.compute())


def test_truths_of_any_whole_number_type():
    torch = pytest.importorskip("torch")
    for truths in (np.array(TRUTHS), torch.tensor(TRUTHS), tuple(TRUTHS)):
        metric = TopKAccuracy()
        metric.update(PREDICTIONS, truths)
        assert metric.compute()["top1"] == 0.5


def test_parts_join_to_the_whole_through_json():
    whole, first, second = TopKAccuracy(), TopKAccuracy(), TopKAccuracy()
    whole.update(PREDICTIONS, TRUTHS)
    first.update(PREDICTIONS[:1], TRUTHS[:1])
    second.update(PREDICTIONS[1:], TRUTHS[1:])
    first.merge(json.loads(json.dumps(second.state())))
    first.merge(TopKAccuracy().state())
    assert first.state() == whole.state()
    assert first.compute() == whole.compute()


def test_a_state_is_a_copy():
    metric = TopKAccuracy()
    metric.state()["samples"] = 5
    assert metric.state()["samples"] == 0


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"samples": 1, "top1": 1},
        {"samples": 1, "top1": 1, "top5": 0.5},
        {"samples": 1, "top1": -1, "top5": 1},
        {"samples": 1, "top1": 1, "top5": 1, "top9": 1},
        {"samples": "1", "top1": 1, "top5": 1},
    ],
)
def test_foreign_counts_are_refused(state):
    metric = TopKAccuracy()
    with pytest.raises(DataError, match="not the counts"):
        metric.merge(state)
    assert metric.state() == {"samples": 0, "top1": 0, "top5": 0}


def test_nothing_counted_is_an_error_not_nan():
    metric = TopKAccuracy()
    metric.update([], [])
    with pytest.raises(DataError, match="no sample was counted"):
        metric.compute()


@pytest.mark.parametrize(
    ("classes", "predictions", "truths", "message"),
    [
        (10, PREDICTIONS, TRUTHS[:3], "4 predictions for 3 truths"),
        (10, PREDICTIONS, [0, 9, 4, 10], "truth 10: a class index is from 0 to 9"),
        (None, PREDICTIONS, [0, 9, 4, -1], "truth -1: a class index is 0 or more"),
        (None, PREDICTIONS, [0, 9, 4, 1.5], "truth 1.5: a class index"),
        (None, PREDICTIONS, [0, 9, 4, None], "truth None"),
        (None, [*PREDICTIONS[:3], ranking(1)], TRUTHS, "holds 1 classes, top-5 accuracy needs 5"),
        (3, [*PREDICTIONS[:3], ranking(1, 2)], [0, 1, 2, 1], "holds 2 classes, top-5 accuracy needs 3"),
    ],
)
def test_a_batch_that_cannot_be_counted_changes_nothing(classes, predictions, truths, message):
    metric = TopKAccuracy(classes)
    with pytest.raises(DataError, match=message):
        metric.update(predictions, truths)
    assert metric.state()["samples"] == 0


def test_top5_of_fewer_than_five_classes():
    metric = TopKAccuracy(classes=2)
    metric.update([ranking(1, 0), ranking(0, 1)], [0, 0])
    assert metric.compute() == {"top1": 0.5, "top5": 1.0}


@pytest.mark.parametrize(
    ("classes", "topk", "figures"),
    [
        (None, 5, {"top5": 0.75, "top1": 0.5}),
        (10, 2, {"top2": 0.5, "top1": 0.5, "top5": 0.75}),
        (10, 3, {"top3": 0.5, "top1": 0.5, "top5": 0.75}),
        (10, 50, {"top10": 0.75, "top1": 0.5, "top5": 0.75}),
    ],
)
def test_the_k_that_is_asked_for_comes_first(classes, topk, figures):
    metric: Metric = TopKAccuracy(classes, topk)
    keep = max(5, min(topk, classes or topk))
    metric.update([ranking(*one.classes, *range(10, 5 + keep)) for one in PREDICTIONS], TRUTHS)
    assert metric.compute() == figures
    assert [info.name for info in metric.infos] == list(metric.compute()) == list(figures)


def test_rankings_shorter_than_the_k_that_is_asked_for_are_refused():
    with pytest.raises(DataError, match="holds 5 classes, top-7 accuracy needs 7"):
        TopKAccuracy(10, 7).update(PREDICTIONS, TRUTHS)


def test_agreement_looks_at_the_best_class_only():
    assert agreement(ranking(3, 1), ranking(3, 2))
    assert not agreement(ranking(3, 1), ranking(1, 3))


def test_a_tie_is_one_on_both_sides():
    near, turned = Ranking((3, 1), (0.40, 0.396)), Ranking((1, 3), (0.40, 0.396))
    assert tied(near, turned, 0.02)
    assert not tied(near, turned, 0.001)
    assert not tied(near, Ranking((1, 3), (0.6, 0.3)), 0.02)
    assert not tied(Ranking((3, 1), (0.6, 0.3)), turned, 0.02)


def test_classes_that_are_not_in_both_rankings_are_no_tie():
    assert not tied(Ranking((3, 1), (0.4, 0.399)), Ranking((2, 3), (0.4, 0.399)), 0.02)
    assert not tied(Ranking((), ()), Ranking((), ()), 0.02)
