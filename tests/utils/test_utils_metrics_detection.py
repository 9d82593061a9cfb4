"""COCO's average precision: by hand, against pycocotools' own way, and over processes."""

import contextlib
import io
import json

import numpy as np
import pytest

from utils.datasets.coco import GroundTruth
from utils.metrics.base import Metric
from utils.metrics.detection import CocoAveragePrecision, agreement
from utils.postprocess.pytorch.detection import Detections
from zoo_core.errors import DataError

pytest.importorskip("pycocotools")


def truth(image: int, *rows: tuple[float, ...], crowd: tuple[bool, ...] = ()) -> GroundTruth:
    """rows: left, top, right, bottom, class."""
    table = np.array(rows, float).reshape(-1, 5)
    sizes = (table[:, 2] - table[:, 0]) * (table[:, 3] - table[:, 1])
    crowds = np.array(crowd or [False] * len(table), bool)
    return GroundTruth(image, table[:, :4], table[:, 4].astype(int), crowds, sizes)


def found(*rows: tuple[float, ...]) -> Detections:
    """rows: left, top, right, bottom, class, score."""
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Detections(table[:, :4], table[:, 5], table[:, 4].astype(int), (100, 100))


def figures(*pairs: tuple[Detections, GroundTruth], classes: int = 2) -> dict[str, float]:
    metric: Metric = CocoAveragePrecision(classes)
    for prediction, one_truth in pairs:
        metric.update([prediction], [one_truth])
    return {name: round(value, 9) for name, value in metric.compute().items()}  # it divides by n + 2e-16


def test_by_hand():
    one_truth = truth(1, (10, 10, 50, 50, 0))
    assert figures((found((10, 10, 50, 50, 0, 0.9)), one_truth)) == {"map50": 1.0, "map": 1.0}
    assert figures((found(), one_truth)) == {"map50": 0.0, "map": 0.0}
    assert figures((found((10, 10, 50, 50, 1, 0.9)), one_truth))["map50"] == 0.0
    # 30 of 40 rows: an IoU of 0.75 counts at 0.5, 0.55 … 0.75, six thresholds of ten
    shifted = figures((found((10, 10, 50, 40, 0, 0.9)), one_truth))
    assert shifted == {"map50": 1.0, "map": pytest.approx(0.6)}
    # a false alarm that is surer than the hit halves the precision, one that is less sure changes nothing
    alarm = (60, 60, 90, 90, 0)
    assert figures((found((10, 10, 50, 50, 0, 0.5), (*alarm, 0.9)), one_truth))["map50"] == pytest.approx(0.5)
    assert figures((found((10, 10, 50, 50, 0, 0.9), (*alarm, 0.5)), one_truth))["map50"] == 1.0


def test_a_second_box_for_an_object_is_a_false_alarm_and_a_crowd_is_not_scored():
    one_truth = truth(1, (10, 10, 50, 50, 0), (60, 60, 90, 90, 0))
    doubled = found((10, 10, 50, 50, 0, 0.9), (10, 10, 50, 50, 0, 0.8), (60, 60, 90, 90, 0, 0.7))
    # precision is 1 up to half of the recall, 2/3 above it; 51 of the 101 recalls are at most 0.5
    assert figures((doubled, one_truth))["map50"] == pytest.approx((51 + 50 * 2 / 3) / 101)
    crowd = truth(1, (10, 10, 50, 50, 0), (60, 60, 90, 90, 0), crowd=(False, True))
    assert figures((doubled, crowd))["map50"] == 1.0


def test_a_class_without_objects_does_not_count():
    one_truth = truth(1, (10, 10, 50, 50, 0))
    both = found((10, 10, 50, 50, 0, 0.9), (0, 0, 20, 20, 1, 0.9))
    assert figures((both, one_truth), classes=80) == {"map50": 1.0, "map": 1.0}


def columns(prediction: Detections) -> tuple[list, list, list]:
    return prediction.boxes.astype(float), prediction.classes.tolist(), prediction.scores.tolist()


def scattered(count: int) -> list[tuple[Detections, GroundTruth]]:
    """Objects, some of them missed, some shifted, and false alarms."""
    random, pairs = np.random.default_rng(3), []
    for number in range(count):
        corners = random.uniform(0, 60, (random.integers(0, 6), 2))
        boxes = np.concatenate([corners, corners + random.uniform(10, 40, corners.shape)], 1)
        classes = random.integers(0, 3, (len(boxes), 1))
        seen = random.uniform(0, 1, len(boxes)) < 0.8
        moved = boxes[seen] + random.normal(0, 2, (seen.sum(), 4))
        alarms = np.concatenate([random.uniform(0, 40, (2, 2)), random.uniform(60, 90, (2, 2))], 1)
        rows = np.concatenate([moved, alarms])
        named = np.concatenate([classes[seen], random.integers(0, 3, (2, 1))])
        rows = np.concatenate([rows, named, random.uniform(0, 1, (len(rows), 1))], 1)
        pairs.append((found(*rows), truth(number, *np.concatenate([boxes, classes], 1))))
    return pairs


def test_pycocotools_own_way_gives_the_same(tmp_path):
    """Through a file, loadRes and summarize, as its users do it."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    pairs = scattered(30)
    boxes = [
        (entry.image, box, index) for _, entry in pairs for box, index in zip(entry.boxes, entry.classes, strict=True)
    ]
    content = {
        "images": [{"id": number} for number in range(30)],
        "categories": [{"id": number} for number in range(3)],
        "annotations": [
            {
                "id": number,
                "image_id": image,
                "category_id": int(index),
                "bbox": [*box[:2], *(box[2:] - box[:2])],
                "area": float(np.prod(box[2:] - box[:2])),
                "iscrowd": 0,
            }
            for number, (image, box, index) in enumerate(boxes, 1)
        ],
    }
    (tmp_path / "truth.json").write_text(json.dumps(content))
    results = [
        {
            "image_id": one_truth.image,
            "category_id": int(index),
            "bbox": [*box[:2], *(box[2:] - box[:2])],
            "score": score,
        }
        for prediction, one_truth in pairs
        for box, index, score in zip(*columns(prediction), strict=True)
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        api = COCO(str(tmp_path / "truth.json"))
        evaluation = COCOeval(api, api.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    got = figures(*pairs, classes=3)
    assert got == {"map50": pytest.approx(evaluation.stats[1]), "map": pytest.approx(evaluation.stats[0])}
    assert 0.2 < got["map"] < got["map50"] < 0.9


def test_parts_join_to_the_whole_through_json(capsys):
    pairs = scattered(20)
    whole, first, second = (CocoAveragePrecision(3) for _ in range(3))
    for number, (prediction, one_truth) in enumerate(pairs):
        whole.update([prediction], [one_truth])
        (first, second)[number % 2].update([prediction], [one_truth])
    first.compute()
    first.merge(json.loads(json.dumps(second.state())))
    assert first.compute() == whole.compute()
    assert capsys.readouterr().out == ""
    with pytest.raises(DataError, match="counted twice"):
        first.merge(second.state())
    assert first.compute() == whole.compute()


def test_what_cannot_be_counted():
    metric = CocoAveragePrecision(2)
    with pytest.raises(DataError, match="no sample was counted"):
        metric.compute()
    for prediction, one_truth, said in (
        (found(), 5, "GroundTruth"),
        (found((0, 0, 1, 1, 2, 0.5)), truth(1), "picture 1: class 2"),
        (found(), truth(1, (0, 0, 1, 1, 2)), "picture 1: class 2"),
    ):
        with pytest.raises(DataError, match=said):
            metric.update([found(), prediction], [truth(7), one_truth])
    with pytest.raises(DataError, match="1 predictions for 2 truths"):
        metric.update([found()], [truth(1), truth(2)])
    assert metric.state() == {"pictures": []}
    metric.update([found()], [truth(1)])
    with pytest.raises(DataError, match="no object to find"):
        metric.compute()


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"pictures": [{}]},
        {"pictures": [{"image": 1, "truth": [[1, 2, 3]], "found": []}]},
        {"pictures": [{"image": 1, "truth": [], "found": [[1, 2, 3, 4, "x", 6]]}]},
        {"samples": 1, "top1": 1, "top5": 1},
    ],
)
def test_foreign_counts_are_refused(state):
    with pytest.raises(DataError, match="not the counts"):
        CocoAveragePrecision(2).merge(state)


def test_agreement_of_two_runtimes():
    one = found((10, 10, 50, 50, 0, 0.9), (60, 60, 90, 90, 1, 0.31))
    near = found((10.2, 10, 50, 50.3, 0, 0.89), (60, 60, 90, 90, 1, 0.305))
    assert agreement(one, near, 0.3)
    assert agreement(one, found((10, 10, 50, 50, 0, 0.9)), 0.3)  # 0.31 is at the threshold
    assert agreement(found((10, 10, 50, 50, 0, 0.9)), one, 0.3)
    assert not agreement(one, found((10, 10, 50, 50, 1, 0.9)), 0.3)
    assert not agreement(one, found((10, 10, 50, 45, 0, 0.9)), 0.3)
    assert not agreement(one, found(), 0.3)
    assert not agreement(found(), one, 0.3)
    twice = found((10, 10, 50, 50, 0, 0.9), (10, 10, 50, 49, 0, 0.8))
    assert not agreement(twice, one, 0.3)
    assert agreement(found(), found((0, 0, 9, 9, 0, 0.2)), 0.3)
