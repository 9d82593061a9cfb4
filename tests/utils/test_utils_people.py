"""Bottom-up pose: people put together from maps of points and limbs, COCO's pictures of them, and the metric."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.datasets.coco_keypoints import CocoPeople, PeopleTruth, Uncounted
from utils.datasets.samples.figures import write_keypoints
from utils.draw.pose import draw_people, draw_pose
from utils.keypoints import OPENPOSE, OPENPOSE_LIMBS, coco_points
from utils.metrics.people import PeoplePrecision, same_people
from utils.postprocess.pytorch.part_fields import Link, PartFieldDecoder, Peaks, grouped, joined, peaks_of
from utils.postprocess.pytorch.pose import Pose
from utils.preprocess.pytorch.detection import Letterbox, Placed
from zoo.tasks.people import PeoplesPoses
from zoo_core.errors import DataError

NAMES = coco_points()
LIMBS = [(OPENPOSE.index(one), OPENPOSE.index(other)) for one, other in OPENPOSE_LIMBS]
DECODER = PartFieldDecoder(OPENPOSE, OPENPOSE_LIMBS, NAMES)


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("people") / "data"
    write_keypoints(folder, count=12)
    return folder


def content_of(folder: Path) -> tuple[Path, Any]:
    file = folder / "annotations" / "person_keypoints_val.json"
    return file, json.loads(file.read_text(encoding="utf-8"))


def peak_by_definition(heat: np.ndarray, least: float) -> set[tuple[int, int]]:
    """Cells that all of their neighbours are below; random maps have no equal ones."""
    found = set()
    for row in range(heat.shape[0]):
        for column in range(heat.shape[1]):
            beside = heat[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
            if heat[row, column] > least and (beside >= heat[row, column]).sum() == 1:
                found.add((row, column))
    return found


def test_peaks_are_what_no_neighbour_exceeds() -> None:
    heat = np.random.RandomState(0).rand(23, 31).astype(np.float32)
    found = peaks_of(heat, 0.5)
    cells = {(int(np.rint(y)), int(np.rint(x))) for x, y in found.places}
    wanted = sorted(peak_by_definition(heat, 0.5), key=lambda cell: -heat[cell])
    assert [heat[cell] for cell in wanted[:64]] == found.scores.tolist()
    assert len(wanted) > 30
    # half a cell at most lies between a place and its cell, so that rounding may lead to the next one
    assert len(cells & set(wanted)) > 0.9 * len(cells)


def test_a_flat_top_is_one_peak_and_a_bells_top_lies_between_cells() -> None:
    flat = np.zeros((6, 8), np.float32)
    flat[2:4, 3:6] = 0.9
    assert len(peaks_of(flat, 0.1).scores) == 1
    rows, columns = np.mgrid[:20, :24]
    bell = np.exp(-((columns - 7.3) ** 2 + (rows - 11.8) ** 2) / (2 * 1.5**2)).astype(np.float32)
    (place,) = peaks_of(bell, 0.1).places
    assert place == pytest.approx([7.3, 11.8], abs=1e-3)


def limbs_by_definition(
    field: np.ndarray, peaks: list[Peaks], ends: tuple[int, int], least: float, share: float
) -> list[Link]:
    """Each pair, place by place; the best pair first."""
    pairs = []
    for one, begin in enumerate(peaks[ends[0]].places):
        for other, end in enumerate(peaks[ends[1]].places):
            length = float(np.hypot(*(end - begin)))
            shown = []
            for step in range(10):
                x, y = begin + (end - begin) * np.float32(step / 9)
                column = min(max(round(float(x)), 0), field.shape[2] - 1)
                row = min(max(round(float(y)), 0), field.shape[1] - 1)
                shown.append(float(field[:, row, column] @ (end - begin)) / length)
            good = [one for one in shown if one > least]
            if len(good) < share * 10:
                continue
            score = sum(good) / len(good) + min(field.shape[1] / 2 / length - 1, 0)
            if score > 0:
                pairs.append((score, one, other))
    links: list[Link] = []
    for score, one, other in sorted(pairs, reverse=True):
        if all(one != link.one[1] and other != link.other[1] for link in links):
            links.append(Link(score, (ends[0], one), (ends[1], other)))
    return links


def people_by_definition(links: list[Link]) -> list[set[tuple[int, int]]]:
    """Sets of points: the surest limb first, spare ones last, two become one unless both have a point of a kind."""
    sets: list[set[tuple[int, int]]] = []
    for link in sorted(links, key=lambda link: (link.spare, -link.score)):
        one, other = (next((group for group in sets if point in group), {point}) for point in (link.one, link.other))
        if one is not other and not {kind for kind, _ in one} & {kind for kind, _ in other}:
            sets = [group for group in sets if group is not one and group is not other] + [one | other]
    return sets


@pytest.mark.parametrize("seed", range(4))
def test_limbs_and_people_are_those_of_the_plain_definition(seed: int) -> None:
    random = np.random.RandomState(seed)
    peaks = [
        Peaks(random.uniform(0, 30, (count, 2)).astype(np.float32), random.rand(count).astype(np.float32))
        for count in random.randint(0, 7, 5)
    ]
    fields = random.uniform(0, 1, (6, 2, 30, 32)).astype(
        np.float32
    )  # to the lower right, so that many pairs are joined
    ends = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 2), (1, 4)]
    links, wanted = [], []
    for field, pair in zip(fields, ends, strict=True):
        links += [link._replace(spare=pair == (1, 4)) for link in joined(field, peaks, pair, 0.05, 0.8)]
        wanted += limbs_by_definition(field, peaks, pair, 0.05, 0.8)
    assert [(link.one, link.other) for link in links] == [(link.one, link.other) for link in wanted]
    assert [link.score for link in links] == pytest.approx([link.score for link in wanted], rel=1e-4)
    people = [set(person.items()) for person in grouped(links)]
    assert sorted(map(sorted, people)) == sorted(map(sorted, people_by_definition(links)))
    assert all(len(person) > 1 for person in people)


def truth_maps(truth: PeopleTruth, scale: float, cells: int, stride: int) -> np.ndarray:
    torch = pytest.importorskip("torch")
    from utils.training.part_fields import part_maps, with_neck

    places = np.full((1, 4, len(OPENPOSE), 2), np.nan)
    for number, person in enumerate(truth.people):
        places[0, number] = with_neck(person.points[:, :2], OPENPOSE) * scale
    places = torch.from_numpy((places - (stride - 1) / 2) / stride).float()
    maps: np.ndarray = part_maps(places, LIMBS, (cells, cells), 1.5, 1.0).numpy()
    return maps


def test_people_come_back_from_the_maps_that_networks_are_trained_to_give(figures: Path) -> None:
    task = PeoplesPoses(Letterbox(256), DECODER)
    metric, more = task.metric(), 0
    for sample in task.dataset(figures):
        _, placed = task.preprocess(sample.data)
        (people,) = task.postprocess([truth_maps(sample.truth, placed.scale, 64, 4)], [placed])
        metric.update([people], [sample.truth])
        more += len(people) - len(sample.truth.people)
        for person in sample.truth.people:
            far = [np.linalg.norm(one.points[:, :2] - person.points[:, :2], axis=1) for one in people]
            assert np.median(min(far, key=np.median)) < 0.3  # pixels of the picture
    assert 0 <= more <= 1  # a part of somebody who is covered may stay apart
    assert metric.compute()["map"] > 0.9


def test_enlarged_maps_give_the_same_places(figures: Path) -> None:
    sample = CocoPeople(figures, NAMES)[0]
    _, placed = Letterbox(256)(sample.data)
    maps = truth_maps(sample.truth, placed.scale, 64, 4)
    (plain,) = DECODER([maps], [placed])
    (large,) = PartFieldDecoder(OPENPOSE, OPENPOSE_LIMBS, NAMES, enlarge=4)([maps], [placed])
    assert same_people(plain, large, 0.1)


def test_fields_are_unit_vectors_along_limbs_and_nobody_is_background() -> None:
    torch = pytest.importorskip("torch")
    from utils.training.part_fields import part_maps

    places = torch.tensor([[[[2.0, 3.0], [10.0, 3.0]], [[np.nan] * 2] * 2]])
    maps = part_maps(places, [(0, 1)], (8, 14), 1.0, 1.0)[0].numpy()
    assert maps.shape == (5, 8, 14)
    assert (maps[0, 3, 2], maps[1, 3, 10], maps[2, 3, 2]) == (1, 1, 0)
    assert maps[2, 7, 13] == pytest.approx(1, abs=1e-3)
    assert (maps[3, 2:5, 2:11] == 1).all()
    assert maps[3].sum() == 27
    assert (maps[4] == 0).all()


@pytest.mark.parametrize(
    ("maps", "said"),
    [
        (np.zeros((1, 56, 8, 8), np.float32), r"\[1, 56, 8, 8\], expected \[1, 57, H, W\]"),
        (np.full((1, 57, 8, 8), np.nan, np.float32), "NaN"),
    ],
)
def test_maps_that_do_not_fit_are_refused(maps: np.ndarray, said: str) -> None:
    with pytest.raises(DataError, match=said):
        DECODER([maps], [Placed(1.0, (32, 32), (32, 32))])


def test_empty_maps_are_nobody() -> None:
    task = PeoplesPoses(Letterbox(32), DECODER)
    (people,) = DECODER([np.zeros((1, 57, 8, 8), np.float16)], [Placed(1.0, (32, 32), (32, 32))])
    assert people == []
    assert task.describe(people, 5) == "nobody with a score of 0.3 or more"
    assert task.to_json(people) == {"people": []}


def test_a_picture_without_people_is_a_sample(figures: Path, tmp_path: Path) -> None:
    file, content = content_of(figures)
    alone = content["images"][0]["id"]
    content["annotations"] = [one for one in content["annotations"] if one["image_id"] != alone]
    copy = tmp_path / "data" / "annotations" / file.name
    copy.parent.mkdir(parents=True)
    (tmp_path / "data" / "val").symlink_to(figures / "val")
    copy.write_text(json.dumps(content), encoding="utf-8")
    samples = CocoPeople(tmp_path / "data", NAMES)
    assert samples[0].truth.people == ()
    assert len(samples) == len(content["images"])
    content["annotations"] = []
    copy.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DataError, match=r"person_keypoints_val\.json: nobody in it has a keypoint"):
        CocoPeople(tmp_path / "data", NAMES)


def found(truth: PeopleTruth, random: np.random.RandomState) -> list[Pose]:
    """Everybody a little beside the truth, some points not found; some people not, and one who is not there."""
    people = []
    for person in truth.people:
        if random.rand() < 0.15:
            continue
        points = person.points.copy()
        points[:, :2] += random.normal(0, random.uniform(0, 4), (17, 2))
        points[:, 2] = random.uniform(0.2, 1, 17)
        points[random.rand(17) < 0.1] = 0
        people.append(Pose(points.astype(np.float32), float(random.rand()), person.box))
    if random.rand() < 0.3:
        people.append(Pose(random.uniform(1, 90, (17, 3)).astype(np.float32), float(random.rand()), (0, 0, 9, 9)))
    return people


def test_the_metric_is_what_pycocotools_says_of_the_same_files(figures: Path, tmp_path: Path) -> None:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    random, metric = np.random.RandomState(0), PeoplePrecision(NAMES)
    results = []
    for sample in CocoPeople(figures, NAMES):
        people = found(sample.truth, random)
        metric.update([people], [sample.truth])
        results += [
            {
                "image_id": sample.truth.image,
                "category_id": 1,
                "keypoints": person.points.astype(float).ravel().tolist(),
                "score": person.score,
            }
            for person in people
        ]
    (tmp_path / "results.json").write_text(json.dumps(results), encoding="utf-8")
    truth = COCO(str(content_of(figures)[0]))
    evaluation = COCOeval(truth, truth.loadRes(str(tmp_path / "results.json")), "keypoints")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    figures_of = metric.compute()
    assert 0.05 < figures_of["map"] < 0.95
    assert figures_of["map"] == pytest.approx(evaluation.stats[0])
    assert figures_of["map50"] == pytest.approx(evaluation.stats[1])


def test_parts_of_a_data_set_join_to_the_figure_of_the_whole(figures: Path) -> None:
    samples, random = list(CocoPeople(figures, NAMES)), np.random.RandomState(1)
    people, truths = [found(sample.truth, random) for sample in samples], [sample.truth for sample in samples]
    whole, one, other = (PeoplePrecision(NAMES) for _ in range(3))
    whole.update(people, truths)
    one.update(people[::2], truths[::2])
    other.update(people[1::2], truths[1::2])
    one.merge(json.loads(json.dumps(other.state())))
    assert one.compute() == whole.compute()
    with pytest.raises(DataError, match="was counted twice"):
        one.merge(other.state())
    with pytest.raises(DataError):
        one.merge({"pictures": [{"image": 1, "truth": [[1]], "found": []}]})
    with pytest.raises(DataError, match="PeopleTruth"):
        PeoplePrecision(NAMES).update([[]], [None])  # type: ignore[list-item]
    crowds = PeoplePrecision(NAMES)
    crowd = Uncounted(np.ones((len(NAMES), 3)), (0.0, 0.0, 9.0, 9.0), 81.0, crowd=True)
    hidden = Uncounted(np.zeros((len(NAMES), 3)), (0.0, 0.0, 9.0, 9.0), 81.0, crowd=False)
    crowds.update([[]], [PeopleTruth(1, (), (crowd, hidden))])
    for nobody in (PeoplePrecision(NAMES), crowds):
        with pytest.raises(DataError, match="nobody was counted"):
            nobody.compute()


def test_runtimes_agree_on_the_same_people_in_any_order(figures: Path) -> None:
    truth = max((sample.truth for sample in CocoPeople(figures, NAMES)), key=lambda one: len(one.people))
    poses = [Pose(one.points.astype(np.float32), 0.5, one.box) for one in truth.people]
    moved = [Pose(one.points + np.float32([9, 0, 0]), 0.5, one.box) for one in poses]
    assert same_people(poses, poses[::-1], 0.1)
    assert not same_people(poses, moved, 0.1)
    assert not same_people(poses, poses[1:], 0.1)
    assert not same_people(poses[1:], poses, 0.1)
    assert same_people(poses, poses[1:], 0.1, sure=0.7)
    doubtful = [Pose(one.points, 0.31, one.box) for one in poses]
    assert same_people(doubtful, [], 0.1, sure=0.3)
    assert not same_people(poses, doubtful[1:], 0.1, sure=0.3)  # who is sure needs somebody


def test_everybody_is_drawn(figures: Path) -> None:
    image = Image.new("RGB", (120, 100))
    truths = [sample.truth for sample in CocoPeople(figures, NAMES)]
    people = [
        Pose(one.points.astype(np.float32), 1.0, one.box) for one in max(truths, key=lambda one: len(one.people)).people
    ]
    together = np.asarray(draw_people(image, people, NAMES, 0.1)) > 0
    alone = [np.asarray(draw_pose(image, one, NAMES, 0.1)) > 0 for one in people]
    assert len(people) > 1
    assert (together == np.any(alone, axis=0)).mean() > 0.99
    assert all(one.sum() < together.sum() for one in alone)
    for one, other in pairwise(alone):
        assert (one != other).any()
