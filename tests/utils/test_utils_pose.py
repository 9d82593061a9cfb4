"""Top-down pose: cut-outs and points as their sources define them, COCO's keypoints, and the metric."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.datasets.coco_keypoints import CocoKeypoints, PersonTruth
from utils.datasets.samples.figures import DEMO_SEED, draw_figures, write_keypoints
from utils.draw.pose import draw_pose
from utils.keypoints import BONES, coco_points, deviations, mirrored
from utils.metrics.keypoints import KeypointPrecision, agreement
from utils.postprocess.pytorch.pose import HeatmapDecoder, Pose
from utils.preprocess.pytorch.pose import Cut, Person, PoseTransform
from zoo.tasks.pose import PoseEstimation
from zoo_core.errors import DataError

NAMES = coco_points()
BOXES = [(10.0, 20.0, 80.0, 150.0), (100.5, 3.25, 140.0, 60.0), (-30.0, -20.0, 90.0, 90.0), (150.0, 90.0, 3.0, 2.0)]


def picture() -> Image.Image:
    return Image.fromarray(draw_figures(DEMO_SEED)[0])


@pytest.mark.parametrize("box", BOXES)
def test_a_cut_out_is_bit_for_bit_the_affine_crop_of_the_simple_baselines(
    box: tuple[float, float, float, float],
) -> None:
    import cv2

    image, (height, width) = picture(), (128, 96)
    (array,), cut = PoseTransform(height, width)(Person(image, box))
    x, y, w, h = box
    sides = (max(w, h * width / height) * 1.25, max(h, w * height / width) * 1.25)
    assert np.allclose(cut.size, sides, rtol=1e-6)
    assert np.allclose(cut.centre, (x + w / 2, y + h / 2))
    here = np.array([cut.centre, cut.centre - (0, cut.size[0] / 2), cut.centre - cut.size[0] / 2], np.float32)
    there = np.array([(48, 64), (48, 16), (0, 16)], np.float32)
    warped = cv2.warpAffine(np.asarray(image), cv2.getAffineTransform(here, there), (width, height))
    values = warped.astype(np.float32) / np.float32(255)
    mean, std = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
    assert (array == ((values - mean) / std).transpose(2, 0, 1)).all()


@pytest.mark.parametrize("box", BOXES)
def test_vitpose_sees_the_pixels_that_the_library_gives_it(box: tuple[float, float, float, float]) -> None:
    transformers = pytest.importorskip("transformers")
    processor = transformers.VitPoseImageProcessor(size={"height": 128, "width": 96})
    wanted = processor(picture(), boxes=[[list(box)]], return_tensors="np")["pixel_values"]
    (array,), _ = PoseTransform(128, 96, unbiased=True)(Person(picture(), box))
    assert np.abs(array - wanted[0]).max() < 1e-5


def test_vitpose_finds_the_points_that_the_library_finds() -> None:
    import torch

    transformers = pytest.importorskip("transformers")
    random = np.random.default_rng(0)
    maps = np.stack([bells(random) for _ in BOXES])
    transform = PoseTransform(128, 96, unbiased=True)
    found = HeatmapDecoder(17, unbiased=True)([maps], [transform.cut(*box) for box in BOXES])
    outputs = transformers.models.vitpose.modeling_vitpose.VitPoseEstimatorOutput(heatmaps=torch.from_numpy(maps))
    processor = transformers.VitPoseImageProcessor(size={"height": 128, "width": 96})
    wanted = processor.post_process_pose_estimation(outputs, boxes=[[list(box)] for box in BOXES])
    for mine, (theirs,) in zip(found, wanted, strict=True):
        assert np.abs(mine.points[:, :2] - theirs["keypoints"].numpy()).max() < 1e-3
        assert np.abs(mine.points[:, 2] - theirs["scores"].numpy()).max() < 1e-6


def bells(random: Any) -> np.ndarray:
    """float32 [17, 32, 24]: a bell at a place of its own, and a little noise above nothing."""
    rows, columns = np.mgrid[:32, :24]
    x, y = random.uniform(0, 23, (17, 1, 1)), random.uniform(0, 31, (17, 1, 1))
    noise = random.uniform(0, 0.02, (17, 32, 24))
    return (np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 6) + noise).astype(np.float32)


def test_a_point_lies_a_quarter_of_a_cell_towards_the_higher_neighbour() -> None:
    maps = np.zeros((1, 3, 32, 24), np.float32)
    maps[0, 0, 10, 5], maps[0, 0, 10, 6], maps[0, 0, 9, 5] = 0.9, 0.5, 0.4
    maps[0, 1, 0, 0], maps[0, 1, 0, 1] = 0.8, 0.7  # at the edge nothing is moved
    cut = Cut(np.array([48, 64], np.float32), np.array([96, 128], np.float32), (0, 0, 96, 128))
    (pose,) = HeatmapDecoder(3)([maps], [cut])
    assert pose.points[:2].tolist() == [[21.0, 39.0, pytest.approx(0.9)], [0.0, 0.0, pytest.approx(0.8)]]
    assert pose.score == pytest.approx(0.85)  # the third point is not seen


def test_points_of_a_figure_come_back_where_they_are() -> None:
    """Transform, perfect maps, and decoder put the points where the drawing has them, within a third of a cell."""
    _, figures = draw_figures(DEMO_SEED + 2)
    for unbiased in (False, True):
        transform = PoseTransform(256, 192, unbiased)
        for figure in figures:
            cut = transform.cut(*figure.box)
            cells = np.array([48, 64])
            if unbiased:
                places = (figure.points[:, :2] - cut.centre + cut.size / 2) * ((cells - 1) / cut.size)
            else:
                places = (figure.points[:, :2] - cut.centre) * (48 / cut.size[0]) + cells / 2
            rows, columns = np.mgrid[:64, :48]
            maps = np.exp(
                -((columns - places[:, 0, None, None]) ** 2 + (rows - places[:, 1, None, None]) ** 2) / (2 * 2**2)
            ).astype(np.float32)
            (pose,) = HeatmapDecoder(17, unbiased)([maps[None]], [cut])
            away = np.linalg.norm(pose.points[:, :2] - figure.points[:, :2], axis=1) * (48 / cut.size[0])
            assert away.max() < (0.1 if unbiased else 0.4)


@pytest.mark.parametrize(
    ("maps", "said"),
    [
        (np.zeros((1, 16, 32, 24), np.float32), "another variant"),
        (np.zeros((2, 17, 32, 24), np.float32), "another variant"),
        (np.zeros((1, 17, 32), np.float32), "another variant"),
        (np.full((1, 17, 32, 24), np.nan, np.float32), "NaN"),
    ],
)
def test_maps_that_do_not_fit_are_refused(maps: np.ndarray, said: str) -> None:
    with pytest.raises(DataError, match=said):
        HeatmapDecoder(17)([maps], [PoseTransform(128, 96).cut(*BOXES[0])])


def test_an_empty_box_is_refused() -> None:
    with pytest.raises(DataError, match="is empty"):
        PoseTransform(128, 96)(Person(picture(), (5.0, 5.0, 0.0, 9.0)))


def test_a_mirrored_body_has_left_for_right() -> None:
    assert [NAMES[place] for place in mirrored(NAMES)][:3] == ["nose", "right_eye", "left_eye"]
    assert (mirrored(NAMES)[mirrored(NAMES)] == np.arange(17)).all()
    assert mirrored(("tip", "left_wing", "right_wing", "left_foot")).tolist() == [0, 2, 1, 3]
    assert {name for bone in BONES for name in bone} == set(NAMES)


def test_deviations_are_those_of_coco() -> None:
    from pycocotools.cocoeval import Params

    assert deviations(NAMES) == pytest.approx(Params("keypoints").kpt_oks_sigmas)
    assert deviations(("nose", "tail")).tolist() == [0.026, 0.05]


@pytest.fixture
def figures(tmp_path: Path) -> Path:
    write_keypoints(tmp_path / "figures", count=6)
    return tmp_path / "figures"


@pytest.mark.parametrize("unbiased", [False, True])
@pytest.mark.parametrize(
    "box",
    [(1e9, 0.0, 5.0, 5.0), (0.0, -9.0, 5.0, 5.0), (float("nan"), 0.0, 5.0, 5.0), (0.0, 0.0, float("inf"), 5.0)],
)
def test_a_box_that_shows_nothing_of_the_picture_is_refused(box: Any, unbiased: bool) -> None:
    """Not an answer for black pixels, nor a matrix that cannot be turned round."""
    with pytest.raises(DataError, match="is no part of a picture of"):
        PoseTransform(128, 96, unbiased)(Person(picture(), box))


def test_boxes_stand_beside_a_picture(tmp_path: Path) -> None:
    task, path = PoseEstimation(PoseTransform(128, 96), HeatmapDecoder(17)), tmp_path / "one.png"
    assert [one.data for one in task.samples_in(path)] == [path]
    (tmp_path / "one.png.boxes.txt").write_text("1 2 3 4\n\n5 6 7 8\n")
    assert [one.data.box for one in task.samples_in(path)] == [(1, 2, 3, 4), (5, 6, 7, 8)]
    for wrong, said in (("1 2 3\n", "line 1: '1 2 3'"), ("1 2 x 4\n", "line 1"), ("\n", "no box in this file")):
        (tmp_path / "one.png.boxes.txt").write_text(wrong)
        with pytest.raises(DataError, match=said):
            task.samples_in(path)


def content_of(root: Path) -> tuple[Path, dict[str, Any]]:
    file = root / "annotations" / "person_keypoints_val.json"
    return file, json.loads(file.read_text(encoding="utf-8"))


def test_people_with_points_are_samples_and_the_others_count_neither_way(figures: Path) -> None:
    file, content = content_of(figures)
    first = content["annotations"][0]
    crowd = first | {"id": 900, "iscrowd": 1}
    nobody = first | {"id": 901, "keypoints": [0] * 51}
    content["annotations"] += [crowd, nobody]
    file.write_text(json.dumps(content), encoding="utf-8")
    samples = CocoKeypoints(figures, NAMES)
    assert len(samples) == len(content["annotations"]) - 2
    assert samples[0].id == "000001.jpg:1"
    assert [one.crowd for one in samples[0].truth.uncounted] == [True, False]
    assert all(not sample.truth.uncounted for sample in samples[1:])
    left, top, width, height = samples[0].data.box
    assert samples[0].truth.box == (left, top, left + width, top + height)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("keypoints", [1, 2, 2], "51 numbers"),
        ("keypoints", None, "51 numbers"),
        ("keypoints", [1, 2, 3] * 17, "0, 1 or 2"),
        ("keypoints", [1, "2", 2] * 17, "0, 1 or 2"),
        ("keypoints", [float("nan"), 2, 2] * 17, "0, 1 or 2"),
        ("keypoints", [10**400, 2, 2] * 17, "0, 1 or 2"),
        ("bbox", [1, 2, 0, 4], "above 0"),
        ("bbox", [1, 2, 3], "four numbers"),
        ("image_id", 77, "one of the images"),
        ("category_id", 2, "the only category"),
        ("iscrowd", "no", "0 or 1"),
        ("area", -1, "0 or more"),
    ],
)
def test_a_broken_annotation_is_named(figures: Path, field: str, value: Any, said: str) -> None:
    file, content = content_of(figures)
    content["annotations"][2][field] = value
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DataError, match=rf"annotation 3: field '{field}'.*{said}"):
        CocoKeypoints(figures, NAMES)


def test_boxes_that_are_corners_are_told(figures: Path, caplog: pytest.LogCaptureFixture) -> None:
    file, content = content_of(figures)
    for one in content["annotations"]:
        left, top, width, height = one["bbox"]
        one["bbox"] = [left, top, left + width, top + height]
    file.write_text(json.dumps(content), encoding="utf-8")
    CocoKeypoints(figures, NAMES)
    assert "are these the corners?" in caplog.text


def test_a_file_of_something_else_is_told(figures: Path) -> None:
    file, content = content_of(figures)
    with pytest.raises(DataError, match="this network finds nose, tail"):
        CocoKeypoints(figures, ("nose", "tail"))
    (figures / "val" / "000001.jpg").unlink()
    with pytest.raises(DataError, match=r"no picture 000001\.jpg"):
        CocoKeypoints(figures, NAMES)
    content["images"][0]["file_name"] = "a" * 5000
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DataError, match="no picture aaa"):
        CocoKeypoints(figures, NAMES)
    content["annotations"] = []
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DataError, match="nobody"):
        CocoKeypoints(figures, NAMES)
    file.rename(file.with_name("instances_val.json"))
    with pytest.raises(DataError, match="person_keypoints_<part>"):
        CocoKeypoints(figures, NAMES)


def found(truth: PersonTruth, away: float = 0.0, score: float = 0.9) -> Pose:
    points = truth.points.copy()
    points[:, :2] += away
    points[:, 2] = score
    return Pose(points.astype(np.float32), score, truth.box)


def test_the_metric_is_what_pycocotools_says_of_the_same_files(figures: Path, tmp_path: Path) -> None:
    """Written out as COCO's results, and evaluated from the files by pycocotools alone."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    file, content = content_of(figures)
    content["annotations"].append(content["annotations"][0] | {"id": 900, "iscrowd": 1})
    file.write_text(json.dumps(content), encoding="utf-8")
    random = np.random.default_rng(0)
    samples = CocoKeypoints(figures, NAMES)
    poses = [found(sample.truth, random.uniform(0, 9), random.uniform(0.3, 1)) for sample in samples]
    metric = KeypointPrecision(NAMES)
    metric.update(poses, [sample.truth for sample in samples])
    results = [
        {
            "image_id": sample.truth.image,
            "category_id": 1,
            "keypoints": pose.points.ravel().tolist(),
            "score": pose.score,
        }
        for sample, pose in zip(samples, poses, strict=True)
    ]
    (tmp_path / "results.json").write_text(json.dumps(results), encoding="utf-8")
    truth = COCO(str(file))
    evaluation = COCOeval(truth, truth.loadRes(str(tmp_path / "results.json")), "keypoints")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    figures_of = metric.compute()
    assert 0.05 < figures_of["map"] < 0.95
    assert figures_of["map"] == pytest.approx(evaluation.stats[0])
    assert figures_of["map50"] == pytest.approx(evaluation.stats[1])


def test_parts_of_a_data_set_join_to_the_figure_of_the_whole(figures: Path) -> None:
    samples = list(CocoKeypoints(figures, NAMES))
    poses = [found(sample.truth, number % 7) for number, sample in enumerate(samples)]
    truths = [sample.truth for sample in samples]
    whole, one, other = (KeypointPrecision(NAMES) for _ in range(3))
    whole.update(poses, truths)
    one.update(poses[::2], truths[::2])
    other.update(poses[1::2], truths[1::2])
    one.merge(json.loads(json.dumps(other.state())))
    assert one.compute() == whole.compute()
    with pytest.raises(DataError, match="twice"):
        one.merge(other.state())
    with pytest.raises(DataError, match="not the counts"):
        one.merge({"people": [{"image": 1, "person": 2, "truth": [], "found": []}]})
    with pytest.raises(DataError, match="expected"):
        whole.update([Pose(np.zeros((3, 3), np.float32), 0.0, truths[0].box)], truths[:1])
    with pytest.raises(DataError, match="no sample"):
        KeypointPrecision(NAMES).compute()


def test_runtimes_agree_where_points_lie_together(figures: Path) -> None:
    truth = CocoKeypoints(figures, NAMES)[0].truth
    assert agreement(found(truth), found(truth, 0.5), 0.2)
    assert not agreement(found(truth), found(truth, 20.0), 0.2)
    assert not agreement(found(truth), found(truth, 0.0, 0.1), 0.2)
    assert agreement(found(truth, 0.0, 0.19), found(truth, 20.0, 0.21), 0.2)  # at the threshold
    moved = found(truth)
    moved.points[0, :2] += 50
    assert agreement(found(truth), moved, 0.2)  # one of 17
    moved.points[1, :2] += 50
    assert not agreement(found(truth), moved, 0.2)


def test_a_skeleton_is_drawn_where_the_points_are() -> None:
    image, people = draw_figures(DEMO_SEED + 3)
    left, top, width, height = people[0].box
    points = np.column_stack([people[0].points[:, :2], np.ones(17)]).astype(np.float32)
    pose = Pose(points, 1.0, (left, top, left + width, top + height))
    drawn = draw_pose(Image.fromarray(image), pose, NAMES, 0.2)
    factor = drawn.width // image.shape[1]
    plain = np.asarray(draw_pose(Image.fromarray(image), Pose(points * (1, 1, 0), 0.0, pose.box), NAMES, 0.2))
    changed = (np.asarray(drawn) != plain).any(axis=2)
    x, y = ((points[7, :2] + 0.5) * factor).astype(int)
    assert changed[y, x]
    assert not changed[:, 0].any()


def test_drawn_figures_are_those_of_their_seed_and_their_points_are_on_them() -> None:
    image, people = draw_figures(DEMO_SEED)
    again, same = draw_figures(DEMO_SEED)
    assert (image == again).all()
    assert len(people) == len(same)
    for figure in people:
        left, top, width, height = figure.box
        inside = (figure.points[:, :2] >= (left - 2, top - 2)) & (
            figure.points[:, :2] <= (left + width + 2, top + height + 2)
        )
        assert inside.all()
        assert set(figure.points[:, 2]) <= {1, 2}
