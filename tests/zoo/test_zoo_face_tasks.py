"""Attributes, quality and points of faces as tasks, and faces that a general detector finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.datasets.samples.face_attributes import HEADS
from utils.datasets.samples.face_portraits import portraits_of
from utils.datasets.wider_face import Faces
from utils.face_points import LAYOUTS
from utils.postprocess.pytorch.detection import Detections
from utils.postprocess.pytorch.face_attributes import AttributesDecoder
from utils.postprocess.pytorch.face_objects import ObjectsAsFaces
from utils.postprocess.pytorch.face_points import FoundPoints
from utils.postprocess.pytorch.face_quality import FaceQuality
from utils.preprocess.pytorch.pose import Person
from zoo.catalogue import load
from zoo.model import Model
from zoo_core.errors import DataError

ATTRIBUTE, QUALITY = load("face/face_attribute"), load("face/face_quality")
LANDMARKS, DETECTION = load("face/face_landmarks"), load("face/face_detection")


def logits(*classes: int) -> list[np.ndarray]:
    """One face: a logit of 4 for the class of each attribute, 0 for the others."""
    return [
        4 * np.eye(len(head.labels), dtype=np.float32)[None, chosen]
        for head, chosen in zip(HEADS, classes, strict=True)
    ]


def task_of(family: Any) -> Any:
    return family.variant().task


def seen(model: Model, picture: Any) -> tuple[np.ndarray, Any]:
    """The input of a picture, with the batch dimension, and what is known of the original."""
    arrays, meta = model.task.preprocess(picture)
    return arrays[0][None], meta


# attributes


def test_each_attribute_is_told_by_itself() -> None:
    task = task_of(ATTRIBUTE)
    (found,) = task.postprocess(logits(4, 1, 1), [None])
    share = np.exp(4) / (np.exp(4) + 8)
    assert found[0].classes[0] == 4
    assert found[0].scores[0] == pytest.approx(share)
    assert task.describe(found, 1) == f"age 30-39 ({share:.3f}), gender female (0.982), mask no mask (0.982)"
    told = task.to_json(found)
    assert list(told) == ["age", "gender", "mask"]
    assert [len(rows) for rows in told.values()] == [9, 2, 2]
    assert told["mask"][0]["label"] == "no mask"
    metric = task.metric()
    metric.update([found, found], [(4, 0, -1), (4, 1, -1)])
    figures = metric.compute()
    assert (figures["age_accuracy"], figures["gender_accuracy"]) == (1, 0.5)
    assert np.isnan(figures["mask_accuracy"])


def test_attributes_agree_where_all_do() -> None:
    task = task_of(ATTRIBUTE)
    (one,), (other,) = (task.postprocess(logits(4, 1, mask), [None]) for mask in (0, 1))
    assert task.agreement(one, one)
    assert not task.agreement(one, other)
    assert not task.tied(one, other, 0.01)
    near = logits(4, 1, 0)
    near[2][0] = (4.0, 4.001)
    (even,) = task.postprocess(near, [None])
    near[2][0] = (4.001, 4.0)
    (odd,) = task.postprocess(near, [None])
    assert not task.agreement(even, odd)
    assert task.tied(even, odd, 0.01)


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        (logits(0, 0, 0)[:2], "expected .* for age, gender, mask"),
        ([*logits(0, 0, 0)[:2], np.zeros((1, 3))], r"\[1, 3\]\], expected"),
        ([np.full((1, 9), np.nan), *logits(0, 0, 0)[1:]], "NaN or infinity"),
    ],
)
def test_outputs_that_are_no_attributes_are_a_sentence(outputs: list[np.ndarray], said: str) -> None:
    with pytest.raises(DataError, match=said):
        AttributesDecoder(HEADS)(outputs, [None])


def test_a_face_with_its_attributes_is_drawn() -> None:
    task = task_of(ATTRIBUTE)
    (found,) = task.postprocess(logits(8, 0, 0), [None])
    drawn = task.draw(Image.new("RGB", (90, 120)), found)
    assert drawn.width == 512


# quality


def judged(angles: tuple[float, float, float], shift: float = 0.0, scores: float = 0.5) -> FaceQuality:
    points = np.array([[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]], np.float32) + np.float32(shift)
    return FaceQuality(np.array(angles, np.float32), points, np.full(5, scores, np.float32))


def test_quality_is_said_in_words_and_numbers() -> None:
    task = task_of(QUALITY)
    found = judged((10, -5, 2.25))
    assert task.describe(found, 1).startswith("quality 1.00: yaw 10.0, pitch -5.0, roll 2.2 degrees; left_eye (30, 40)")
    told = task.to_json(found)
    assert told["angles"] == {"yaw": 10, "pitch": -5, "roll": 2.25}
    assert told["points"]["nose"] == [50, 60, 0.5]
    assert task.draw(Image.new("RGB", (100, 120)), found).size == (600, 720)


def test_quality_agrees_within_a_degree_and_a_twentieth() -> None:
    task = task_of(QUALITY)
    one = judged((0, 0, 0))
    assert task.agreement(one, judged((0.9, 0, 0), shift=1))
    assert not task.agreement(one, judged((1.1, 0, 0)))
    assert not task.agreement(one, judged((0, 0, 0), shift=3))
    assert task.tied(one, judged((0, 0, 0), shift=3), 0.01)
    assert not task.tied(one, judged((0, 0, 0), shift=3, scores=0.4), 0.01)
    assert not task.tied(one, judged((5, 0, 0)), 0.01)


def test_points_of_a_map_come_back_to_the_picture() -> None:
    model = QUALITY.variant()
    maps = np.zeros((1, 5, 48, 48), np.float32)
    maps[0, :, 24, 12] = 20
    _, meta = seen(model, Image.new("RGB", (192, 96)))
    (found,) = model.task.postprocess([np.array([[1.0, 0, -0.5]], np.float32), maps], [meta])
    assert found.angles.tolist() == [90, 0, -45]
    np.testing.assert_allclose(found.points, np.tile([50, 49], (5, 1)))


# points


def test_points_are_found_where_they_are_drawn(tmp_path: Path) -> None:
    model = LANDMARKS.variant()
    (made,) = portraits_of(5, 1)[1]
    low, high = made.points.min(axis=0), made.points.max(axis=0)
    person = Person(made.picture, (*low.tolist(), *(high - low).tolist()))
    _, cut = seen(model, person)
    places = ((made.points - cut.centre) / cut.size + 0.5).astype(np.float32)
    (found,) = model.task.postprocess([places.reshape(1, -1)], [cut])
    np.testing.assert_allclose(found.points, made.points, atol=1e-3)
    assert model.task.describe(found, 1).startswith("68 points: (")
    assert len(model.task.to_json(found)["points"]) == 68
    assert model.task.draw(person, found).size == (720, 720)
    moved = FoundPoints(found.points + np.float32(5), found.box)
    assert model.task.agreement(found, found)
    assert not model.task.agreement(found, moved)
    same = FoundPoints(np.zeros((68, 2), np.float32), found.box)
    assert model.task.agreement(same, same)
    assert not model.task.agreement(same, found)


def test_every_box_of_a_picture_is_a_face(tmp_path: Path) -> None:
    task = task_of(LANDMARKS)
    path = tmp_path / "faces.png"
    Image.new("RGB", (100, 80)).save(path)
    assert [sample.data for sample in task.samples_in(path)] == [path]
    boxes = tmp_path / "faces.png.boxes.txt"
    boxes.write_text("1 2 30 40\n50 2 30 40\n", encoding="utf-8")
    assert [sample.id for sample in task.samples_in(path)] == ["faces.png:1", "faces.png:2"]
    boxes.write_text("1 2 30\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"boxes.txt, line 1"):
        task.samples_in(path)
    assert task.adapted(112, 1) == task
    with pytest.raises(DataError, match="input size 100"):
        task.adapted(100, 1)


@pytest.mark.parametrize(("variant", "parameters"), [("pfld", 1_217_768), ("pfld_025", 91_712)])
def test_pfld_sees_the_paper_s_maps(variant: str, parameters: int) -> None:
    """Table 1: 28 x 28 x 64 for the second network, 14 x 14 x 16, 7 x 7 x 32 and 1 x 1 x 128 for the points."""
    import torch

    network = LANDMARKS.variant(variant).build().eval()
    assert sum(one.numel() for one in network.parameters()) == parameters
    width = 1.0 if variant == "pfld" else 0.25
    places, early = network.both(torch.zeros(1, 3, 112, 112))
    assert places.shape == (1, 2 * len(range(68)))
    assert early.shape == (1, 64 * width, 28, 28)
    one = network.middle(early)
    two = network.second(one)
    assert [tuple(maps.shape[1:]) for maps in (one, two, network.third(two))] == [
        (16 * width, 14, 14),
        (32 * width, 7, 7),
        (128 * width, 1, 1),
    ]
    assert LAYOUTS[68].eyes == (36, 45)


# detection


def test_objects_become_faces_within_the_picture() -> None:
    def objects(outputs: Any, metas: Any) -> list[Detections]:
        boxes = np.array([[-5, 10, 40, 60], [20, 20, 130, 90]], np.float32)
        return [Detections(boxes, np.array([0.9, 0.4], np.float32), np.zeros(2, np.int64), (100, 80))]

    (found,) = ObjectsAsFaces(objects)([], [None])
    assert found.boxes.tolist() == [[0, 10, 40, 60], [20, 20, 100, 80]]
    assert found.landmarks.shape == (2, 0, 2)
    task = task_of(DETECTION)
    metric = task.metric()
    truth = Faces(found.boxes[:1], np.zeros(1, bool), np.full((1, 5, 2), np.nan, np.float32), np.zeros((1, 5), bool))
    metric.update([found], [truth])
    assert metric.compute()["ap50"] == pytest.approx(1)


def test_face_detection_has_as_many_convolutions_as_mindspore_says() -> None:
    import torch

    network = DETECTION.build("face_detection")
    assert sum(isinstance(layer, torch.nn.Conv2d) for layer in network.modules()) == 45


def test_maps_of_yolov3_are_of_three_sizes() -> None:
    import torch

    maps = DETECTION.variant().build().eval()(torch.zeros(1, 3, 64, 96))
    assert [tuple(one.shape[1:]) for one in maps] == [(18, 2, 3), (18, 4, 6), (18, 8, 12)]
