"""Points, attributes and quality of faces: data formats, figures by definition, and what is wrong in either."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.datasets.face_attributes import FaceAttributes, Head
from utils.datasets.face_points import FacePoints, PointsTruth, read_points
from utils.datasets.face_quality import FaceQualities, QualityTruth
from utils.face_points import LAYOUTS
from utils.metrics.face_attributes import AttributeAccuracy
from utils.metrics.face_points import PointsError, points_error
from utils.metrics.face_quality import QualityError
from utils.postprocess.pytorch.classification import Ranking
from utils.postprocess.pytorch.face_points import FoundPoints, PointsDecoder
from utils.postprocess.pytorch.face_quality import FaceQuality, QualityDecoder
from utils.preprocess.fit import Fit
from utils.preprocess.pytorch.pose import Person, PoseTransform
from zoo_core.errors import DataError

HEADS = (Head("age", ("0-2", "3-9", "70+")), Head("gender", ("male", "female")))
BOX = (0.0, 0.0, 10.0, 10.0)


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (20, 20)).save(path)
    return path


def pts(points: np.ndarray, said: int | str | None = None) -> str:
    lines = [f"{x} {y}" for x, y in points.tolist()]
    return "\n".join(["version: 1", f"n_points:  {said or len(points)}", "{", *lines, "}", ""])


def five() -> np.ndarray:
    return np.array([[2.0, 3], [8, 3], [5, 5], [3, 8], [7, 8]])


# points


def test_points_are_read_from_pixel_1(tmp_path: Path) -> None:
    picture(tmp_path / "a/face.png")
    (tmp_path / "a/face.pts").write_text(pts(five() + 1), encoding="utf-8")
    (sample,) = FacePoints(tmp_path, 5)
    assert sample.id == "a/face.png"
    np.testing.assert_array_equal(sample.truth.points, five())
    assert sample.data.box == (2, 3, 6, 5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no file of points"),
        ("<html>", "no file of points"),
        (pts(five()).replace("}", ""), "no file of points"),
        (pts(five(), 68), "n_points is '68'; this network finds 5"),
        (pts(five()).replace("n_points", "points"), "n_points is 'missing'"),
        (pts(five()[:4], 5), "4 points, but n_points says 5"),
        (pts(five()).replace("8.0 3.0", "8.0"), "line 5: '8.0'; expected x and y"),
        (pts(five()).replace("8.0 3.0", "8.0 nan"), "line 5: .*NaN"),
        (pts(five()).replace("8.0 3.0", "8,0 3,0"), "line 5: '8,0 3,0'"),
    ],
)
def test_files_of_points_that_are_none_are_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "face.pts"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=f"face.pts.*{said}"):
        read_points(file, 5)


def test_a_picture_without_points_and_points_on_a_line_are_named(tmp_path: Path) -> None:
    picture(tmp_path / "face.png")
    with pytest.raises(DataError, match=r"face.pts is not beside it"):
        FacePoints(tmp_path, 5)
    (tmp_path / "face.pts").write_text(pts(five() * (1, 0)), encoding="utf-8")
    with pytest.raises(DataError, match="no face"):
        FacePoints(tmp_path, 5)


def test_the_decoder_undoes_the_cut() -> None:
    transform = PoseTransform(112, 112)
    cut = transform.cut(10, 20, 30, 40)
    places = (five() - cut.centre) / cut.size + 0.5
    (found,) = PointsDecoder(5)([places.astype(np.float32).reshape(1, 10)], [cut])
    np.testing.assert_allclose(found.points, five(), atol=1e-5)
    # the square around the box, a quarter larger: its corners are 0 and 1
    (found,) = PointsDecoder(5)([np.array([[0, 0, 1, 1, 0, 0, 0, 0, 0, 0]], np.float32)], [cut])
    assert found.points[:2].tolist() == [[0, 15], [50, 65]]
    assert found.box == (10, 20, 40, 60)


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        ([np.zeros((1, 136))], r"expected \[1, 10\]"),
        ([np.zeros((2, 10))], r"expected \[1, 10\]"),
        ([np.zeros((1, 10)), np.zeros((1, 10))], r"expected \[1, 10\]"),
        ([np.full((1, 10), np.nan)], "NaN or infinity"),
    ],
)
def test_outputs_that_are_no_points_are_a_sentence(outputs: list[np.ndarray], said: str) -> None:
    with pytest.raises(DataError, match=said):
        PointsDecoder(5)(outputs, [PoseTransform(112, 112).cut(0, 0, 9, 9)])


def test_the_error_is_over_the_distance_of_the_outer_corners() -> None:
    true = np.zeros((68, 2))
    true[:, 0] = np.arange(68)
    true[36], true[45] = (10, 0), (50, 30)  # 50 apart
    found = true + np.array([3, 4])
    assert LAYOUTS[68].eyes == (36, 45)
    assert points_error(found, true, 68) == pytest.approx(5 / 50)
    assert points_error(five() + np.array([0, 3]), five(), 5) == pytest.approx(3 / 6)


def test_failures_and_the_area_below_the_curve() -> None:
    metric, other = PointsError(5), PointsError(5)
    shift = [(0, 0), (0.3, 0), (1.2, 0)]  # errors 0, 0.05 and 0.2
    found = [FoundPoints(five() + one, BOX) for one in shift]
    metric.update(found[:1], [PointsTruth(five())])
    other.update(found[1:], [PointsTruth(five())] * 2)
    metric.merge(json.loads(json.dumps(other.state())))
    figures = metric.compute()
    assert figures["nme"] == pytest.approx(0.25 / 3)
    assert figures["failures"] == pytest.approx(1 / 3)
    # the curve is a third of the faces from 0, two thirds from 0.05 on
    assert figures["auc"] == pytest.approx((1 / 3 * 0.05 + 2 / 3 * 0.05) / 0.1)


@pytest.mark.parametrize(
    ("found", "truths", "said"),
    [
        ([], [PointsTruth(five())], "as many"),
        ([FoundPoints(five(), BOX)], ["a face"], "PointsTruth"),
        ([FoundPoints(five()[:4], BOX)], [PointsTruth(five())], "4 points were found of 5"),
        ([FoundPoints(five(), BOX)], [PointsTruth(np.ones((5, 2)))], "both eyes are in one place"),
    ],
)
def test_points_that_cannot_be_counted_change_nothing(found: Any, truths: Any, said: str) -> None:
    metric = PointsError(5)
    with pytest.raises(DataError, match=said):
        metric.update(found, truths)
    with pytest.raises(DataError, match="no face was counted"):
        metric.compute()


# attributes


def listed(root: Path, text: str, name: str = "attributes.txt") -> Path:
    picture(root / "val/1.png")
    picture(root / "val/my face.png")
    (root / name).write_text(text, encoding="utf-8")
    return root


def test_a_list_of_attributes_is_read(tmp_path: Path) -> None:
    samples = FaceAttributes(listed(tmp_path, "val/1.png 2 -1\n\nval/my face.png 0 1\n"), HEADS)
    assert [(sample.id, sample.truth) for sample in samples] == [("val/1.png", (2, -1)), ("val/my face.png", (0, 1))]


def test_fairface_is_read_as_published(tmp_path: Path) -> None:
    head = "file,age,gender,race,service_test"
    text = f"{head}\nval/1.png,more than 70,Female,White,True\nval/my face.png,3-9,Male,Black,False\n"
    heads = (*HEADS, Head("mask", ("mask", "no mask")))
    samples = FaceAttributes(listed(tmp_path, text, "fairface_label_val.csv"), heads)
    assert [sample.truth for sample in samples] == [(2, 1, -1), (1, 0, -1)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("val/1.png 2\n", "line 1: 'val/1.png 2'; expected a picture, then age, gender"),
        ("val/1.png 0 1\nval/1.png 0 x\n", "line 2: 'val/1.png 0 x'"),
        ("val/1.png 3 1\n", "line 1: age 3; expected 0 to 2"),
        ("val/1.png 0 -2\n", "line 1: gender -2; expected 0 to 1"),
        ("val/9.png 0 1\n", "line 1: .*9.png: there is no such picture"),
        ("val/1.png -1 -1\n", "nothing is known of any face"),
        ("", "nothing is known of any face"),
    ],
)
def test_lists_that_are_none_are_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=f"attributes.txt.*{said}"):
        FaceAttributes(listed(tmp_path, text), HEADS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("picture,age\nval/1.png,3-9\n", "line 1: there is no column 'file'"),
        ("file,age,gender\nval/1.png,4-9,Male\n", "line 2: age '4-9'; expected one of 0-2, 3-9"),
        ("file,age,gender\nval/1.png,3-9\n", "line 2: expected 3 fields, as the header has"),
        ("file,age,age\nval/1.png,3-9,0-2\n", "line 1: 2 columns are called .age."),
        ("file,age,gender\nval/1.png,3-9,\n", "line 2: gender ''; expected one of male, female"),
    ],
)
def test_tables_that_are_none_are_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=f"fairface_label_val.csv, {said}"):
        FaceAttributes(listed(tmp_path, text, "fairface_label_val.csv"), HEADS)


def test_a_folder_without_attributes_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"neither attributes.txt nor fairface_label_val.csv"):
        FaceAttributes(tmp_path, HEADS)


def told(age: int, gender: int) -> tuple[Ranking, Ranking]:
    return Ranking((age,), (0.9,)), Ranking((gender,), (0.8,))


def test_what_is_not_known_is_not_counted() -> None:
    metric, other = AttributeAccuracy(HEADS), AttributeAccuracy(HEADS)
    metric.update([told(2, 0), told(1, 0)], [(2, 1), (2, -1)])
    assert [info.name for info in metric.infos] == ["age_accuracy", "gender_accuracy"]
    assert metric.compute() == {"age_accuracy": 0.5, "gender_accuracy": 0.0}
    other.update([told(0, 1)], [(-1, 1)])
    assert math.isnan(other.compute()["age_accuracy"])
    metric.merge(json.loads(json.dumps(other.state())))
    assert metric.compute() == {"age_accuracy": 0.5, "gender_accuracy": 0.5}


@pytest.mark.parametrize(
    ("found", "truths"),
    [
        ([], [(0, 0)]),
        ([told(0, 0)], [(0,)]),
        ([told(0, 0)], [[0, 0]]),
        ([told(0, 0)], [(3, 0)]),
        ([told(0, 0)], [("a", 0)]),
    ],
)
def test_attributes_that_cannot_be_counted_change_nothing(found: Any, truths: Any) -> None:
    metric = AttributeAccuracy(HEADS)
    with pytest.raises(DataError):
        metric.update(found, truths)
    with pytest.raises(DataError, match="no known attribute"):
        metric.compute()


@pytest.mark.parametrize(
    "state", [{}, 3, {"age": [1, 1]}, {"age": [1, 2], "gender": [0, 0]}, {"age": [1], "gender": [1]}]
)
def test_a_state_that_is_no_counts_is_refused(state: Any) -> None:
    with pytest.raises(DataError, match="not the counts"):
        AttributeAccuracy(HEADS).merge(state)


# quality

NUMBERS = "-33.07 -9.5 -9.28 2 3 8 3 5 5 3 8 -1 -1"


def test_angles_and_points_are_read(tmp_path: Path) -> None:
    picture(tmp_path / "face.png")
    (tmp_path / "face.txt").write_text(f"{NUMBERS}\n", encoding="utf-8")
    (sample,) = FaceQualities(tmp_path)
    assert sample.truth.angles.tolist() == [-33.07, -9.5, -9.28]
    np.testing.assert_array_equal(sample.truth.points[:4], five()[:4])
    assert np.isnan(sample.truth.points[4]).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "0 numbers; expected 13 numbers"),
        (NUMBERS.removesuffix(" -1"), "12 numbers"),
        (NUMBERS.replace("8", "x"), "something else than numbers"),
        (NUMBERS.replace("-9.5", "nan"), "13 numbers"),
    ],
)
def test_numbers_that_are_none_are_named(tmp_path: Path, text: str, said: str) -> None:
    picture(tmp_path / "face.png")
    (tmp_path / "face.txt").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=f"face.txt.*{said}"):
        FaceQualities(tmp_path)
    (tmp_path / "face.txt").unlink()
    with pytest.raises(DataError, match=r"face.txt is not beside it"):
        FaceQualities(tmp_path)


def test_maps_become_the_middle_of_their_best_cell() -> None:
    maps = np.zeros((1, 5, 48, 48), np.float32)
    for point in range(5):
        maps[0, point, 10, 20 + point] = 30
    (found,) = QualityDecoder()([np.array([[0.5, -0.1, 0]]), maps], [Fit((192, 96), (96, 96))])
    assert found.angles.tolist() == pytest.approx([45, -9, 0])
    assert found.points[0].tolist() == [(20 + 0.5) * 4, (10 + 0.5) * 2]
    assert found.scores == pytest.approx(1.0)
    assert found.quality == pytest.approx(1.0)
    # where nothing stands out, nothing is sure
    (found,) = QualityDecoder()([np.zeros((1, 3)), np.zeros((1, 5, 48, 48))], [Fit((96, 96), (96, 96))])
    assert found.quality == pytest.approx(4 / 48**2)


@pytest.mark.parametrize(
    "shapes",
    [((1, 3),), ((1, 3), (1, 5, 48)), ((1, 4), (1, 5, 48, 48)), ((2, 3), (2, 5, 48, 48)), ((1, 3), (1, 6, 8, 8))],
)
def test_outputs_that_are_no_quality_are_a_sentence(shapes: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(DataError, match=r"expected \[1, 3\] and \[1, 5, H, W\]"):
        QualityDecoder()([np.zeros(shape) for shape in shapes], [Fit((96, 96), (96, 96))])


def test_nan_is_a_sentence() -> None:
    with pytest.raises(DataError, match="NaN"):
        QualityDecoder()([np.full((1, 3), np.nan), np.zeros((1, 5, 8, 8))], [Fit((96, 96), (96, 96))])


def quality(yaw: float, shift: float) -> FaceQuality:
    return FaceQuality(np.array([yaw, 0, 0]), five() + np.array([0, shift]), np.ones(5))


def test_angles_and_points_by_hand() -> None:
    hidden = five()
    hidden[4] = np.nan
    blind = five()
    blind[0] = np.nan
    truths = [QualityTruth(np.array([10.0, 2, -4]), points) for points in (hidden, blind)]
    metric, other = QualityError(), QualityError()
    metric.update([quality(4, 3)], truths[:1])
    other.update([quality(16, 9)], truths[1:])
    metric.merge(json.loads(json.dumps(other.state())))
    assert metric.compute() == pytest.approx(
        {"mae": 4.0, "ipn": 3 / 6, "yaw_mae": 6.0, "pitch_mae": 2.0, "roll_mae": 4.0}
    )
    assert "ipn" not in other.compute()


@pytest.mark.parametrize(
    "state", [{}, 3, {"faces": 1, "measured": 0, "sums": {}}, {"faces": -1, "measured": 0, "sums": {}}]
)
def test_a_state_that_is_no_quality_is_refused(state: Any) -> None:
    with pytest.raises(DataError, match="not the counts"):
        QualityError().merge(state)


def test_quality_that_cannot_be_counted_changes_nothing() -> None:
    metric = QualityError()
    for found, truths in (([], [None]), ([quality(0, 0)], ["a face"])):
        with pytest.raises(DataError):
            metric.update(found, truths)
    with pytest.raises(DataError, match="no face was counted"):
        metric.compute()


def test_a_person_may_be_handed_to_the_transform() -> None:
    (array,), cut = PoseTransform(112, 112)(Person(Image.new("RGB", (40, 40)), (5, 5, 20, 20)))
    assert array.shape == (3, 112, 112)
    assert cut.box == (5, 5, 25, 25)
