"""Aligning by five points, pairs as LFW has them, galleries, and the figures of both, by definition."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

from utils.datasets.face_gallery import FaceGallery, GalleryFace
from utils.datasets.face_pairs import FacePairs, PairedFace, Place
from utils.datasets.five_points import read_five_points
from utils.metrics.base import Metric
from utils.metrics.face_identity import FaceIdentity, accepted, average_precision, fold_accuracy
from utils.preprocess.pytorch.face_alignment import SIDE, TEMPLATE, AlignedFace, FacePhoto, aligned, similarity
from zoo_core.errors import DataError


class Found(NamedTuple):
    vector: np.ndarray


def at(angle: float) -> Found:
    return Found(np.array([math.cos(angle), math.sin(angle)]))


def points(seed: int) -> np.ndarray:
    random = np.random.RandomState(seed)
    turn = random.uniform(-1, 1, (2, 2))
    return TEMPLATE @ turn + random.uniform(-50, 50, 2) + random.normal(0, 3, (5, 2))


@pytest.mark.parametrize("seed", range(5))
def test_alignment_is_the_least_squares_solution(seed: int) -> None:
    found = points(seed)
    # x' = a x - b y + c, y' = b x + a y + d, solved as a linear system
    rows = [([x, -y, 1, 0], [y, x, 0, 1]) for x, y in found]
    a, b, c, d = np.linalg.lstsq(np.array(rows).reshape(-1, 4), TEMPLATE.ravel(), rcond=None)[0]
    np.testing.assert_allclose(similarity(found, TEMPLATE), [[a, -b, c], [b, a, d]], atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_alignment_is_umeyamas(seed: int) -> None:
    found = points(seed)
    middle, goal = found.mean(axis=0), TEMPLATE.mean(axis=0)
    u, values, v = np.linalg.svd((TEMPLATE - goal).T @ (found - middle) / 5)
    sign = np.diag([1, np.sign(np.linalg.det(u) * np.linalg.det(v))])
    scale = np.trace(np.diag(values) @ sign) / found.var(axis=0).sum()
    turn = scale * u @ sign @ v
    np.testing.assert_allclose(similarity(found, TEMPLATE), np.column_stack([turn, goal - turn @ middle]), atol=1e-9)


def test_a_picture_that_lies_on_the_template_stays_as_it_is() -> None:
    picture = Image.fromarray(np.random.RandomState(0).randint(0, 256, (SIDE, SIDE, 3), np.uint8))
    np.testing.assert_array_equal(aligned(FacePhoto(picture, TEMPLATE)), np.asarray(picture))
    np.testing.assert_array_equal(aligned(picture), np.asarray(picture))
    # twice as large, and moved: the same face
    moved = Image.new("RGB", (400, 400))
    moved.paste(picture.resize((224, 224), Image.Resampling.NEAREST), (100, 60))
    # the middle of a pixel of the small picture is half a pixel beyond that of the large one
    again = aligned(FacePhoto(moved, 2 * TEMPLATE + (100.5, 60.5)))
    assert np.abs(again[2:-2, 2:-2].astype(int) - np.asarray(picture)[2:-2, 2:-2]).max() <= 1
    (array,), _ = AlignedFace()(picture)
    assert array.shape == (3, SIDE, SIDE)
    assert array.min() >= -1
    assert array.max() <= 1


@pytest.mark.parametrize("wrong", [np.full((5, 2), 7.0), np.full((5, 2), np.nan)])
def test_points_that_are_no_face_are_refused(wrong: np.ndarray) -> None:
    with pytest.raises(DataError, match="no places of a face"):
        similarity(wrong, TEMPLATE)


def test_a_picture_without_points_has_to_be_aligned() -> None:
    with pytest.raises(DataError, match=r"250 x 250.*112 x 112.*landmarks.txt"):
        aligned(Image.new("RGB", (250, 250)))


def test_folds_take_the_threshold_of_the_others() -> None:
    # in fold 0 a threshold of 1 tells all, in fold 1 one of 2: each is judged by the other's
    distances = np.array([0.5, 1.5, 1.5, 2.5])
    same = np.array([True, False, True, False])
    assert fold_accuracy(distances, same, np.array([0, 0, 1, 1])) == 0.5
    # as written out: every threshold on the rest, the first of the best, on the fold
    random = np.random.RandomState(0)
    distances, same, folds = random.uniform(0, 4, 200), random.rand(200) < 0.5, np.repeat(np.arange(10), 20)
    distances = np.where(same, distances * 0.7, distances)
    figures = []
    for fold in range(10):
        rest = folds != fold
        right = [np.mean((distances[rest] < step) == same[rest]) for step in np.arange(0, 4, 0.01)]
        best = np.arange(0, 4, 0.01)[int(np.argmax(right))]
        figures.append(np.mean((distances[~rest] < best) == same[~rest]))
    assert fold_accuracy(distances, same, folds) == pytest.approx(np.mean(figures), abs=1e-12)


def test_accepted_at_a_rate_of_false_ones() -> None:
    scores = np.array([0.9, 0.7, 0.5, 0.8, 0.6, 0.4, 0.2])
    same = np.array([True, True, True, False, False, False, False])
    assert accepted(scores, same, 0.0) == pytest.approx(1 / 3)  # none of the others: above 0.8
    assert accepted(scores, same, 0.25) == pytest.approx(2 / 3)  # one of them: above 0.6
    assert accepted(scores, same, 0.5) == 1.0
    assert accepted(np.ones(7), same, 0.25) == 0.0  # nothing is told apart
    assert accepted(np.ones(7), same, 1.0) == 1.0


def test_average_precision_by_hand_and_ties_count_against() -> None:
    right = np.array([False, True, False, True])
    assert average_precision(np.array([0.1, 0.9, 0.8, 0.7]), right) == (1.0, pytest.approx((1 + 2 / 3) / 2))
    assert average_precision(np.ones(4), right) == (0.0, pytest.approx((1 / 3 + 2 / 4) / 2))


def pair_truths() -> list[PairedFace]:
    """Two folds of a pair of one person and one of two."""
    return [
        PairedFace("a1", (Place(0, 0, True), Place(1, 0, False))),
        PairedFace("a2", (Place(0, 0, True),)),
        PairedFace("b1", (Place(1, 0, False),)),
        PairedFace("c1", (Place(2, 1, True), Place(3, 1, False))),
        PairedFace("c2", (Place(2, 1, True),)),
        PairedFace("d1", (Place(3, 1, False),)),
    ]


def test_pairs_join_from_several_processes() -> None:
    vectors = [at(angle) for angle in (0, 0.1, 1.5, 0, 0.1, 1.5)]
    whole: Metric = FaceIdentity()
    whole.update(vectors, pair_truths())
    assert whole.compute() == {"accuracy": 1.0, "tar_at_far_1e-2": 1.0, "tar_at_far_1e-3": 1.0}
    first, second = FaceIdentity(), FaceIdentity()
    first.update(vectors[::2], pair_truths()[::2])
    assert all(math.isnan(figure) for figure in first.compute().values())
    second.update(vectors[1::2], pair_truths()[1::2])
    first.merge(json.loads(json.dumps(second.state())))
    assert first.compute() == whole.compute()
    with pytest.raises(DataError, match="here and there"):
        first.merge(second.state())


def test_a_gallery_has_its_own_figures() -> None:
    metric = FaceIdentity()
    assert metric.infos[0].name == "accuracy"
    truths = [GalleryFace("g/a", "a", False), GalleryFace("g/b", "b", False), GalleryFace("g/c", "c", False)]
    asked = [GalleryFace("q/a", "a", True), GalleryFace("q/b", "b", True)]
    metric.update([at(0), at(1), at(0.6)], truths)
    assert math.isnan(metric.compute()["rank1"])
    metric.update([at(0.1), at(0.7)], asked)
    assert metric.infos[0].name == "rank1"
    figures = metric.compute()
    assert figures["rank1"] == 0.5
    assert figures["map"] == pytest.approx((1 + 1 / 2) / 2)
    again = FaceIdentity()
    again.merge(json.loads(json.dumps(metric.state())))
    assert again.compute() == figures
    with pytest.raises(DataError, match="two data sets"):
        metric.update([at(0)], [PairedFace("x", ())])


@pytest.mark.parametrize(
    ("found", "truths"),
    [
        ([at(0)], []),
        ([at(0)], ["somebody"]),
        ([Found(np.zeros(2))], [GalleryFace("g", "a", False)]),
        ([Found(np.array([np.nan, 1]))], [GalleryFace("g", "a", False)]),
        ([at(0), Found(np.ones(3))], [GalleryFace("g", "a", False), GalleryFace("h", "a", False)]),
        ([at(0), at(1)], [GalleryFace("g", "a", False), GalleryFace("g", "b", False)]),
    ],
)
def test_what_cannot_be_counted_changes_nothing(found: list[Found], truths: list[Any]) -> None:
    metric = FaceIdentity()
    with pytest.raises(DataError):
        metric.update(found, truths)
    with pytest.raises(DataError, match="no face was counted"):
        metric.compute()


def lfw(root: Path, text: str, folder: str = "lfw") -> Path:
    for person, count in (("Ann_Lee", 3), ("Bo", 2)):
        for number in range(1, count + 1):
            path = root / folder / person / f"{person}_{number:04d}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (250, 250)).save(path)
    (root / "pairs.txt").write_text(text, encoding="utf-8")
    return root


PAIRS = "2\t1\nAnn_Lee\t1\t2\nAnn_Lee\t1\tBo\t1\nBo\t1\t2\nAnn_Lee\t3\tBo\t2\n"


@pytest.mark.parametrize("folder", ["", "lfw", "lfw-deepfunneled"])
def test_pairs_are_read_as_published(tmp_path: Path, folder: str) -> None:
    root = lfw(tmp_path, PAIRS, folder)
    (root / "landmarks.txt").write_text("# comment\nBo/Bo_0001.jpg 1 2 3 4 5 6 7 8 9 10\n", encoding="utf-8")
    samples = list(FacePairs(root))
    assert [sample.id for sample in samples] == [
        "Ann_Lee/Ann_Lee_0001.jpg", "Ann_Lee/Ann_Lee_0002.jpg", "Bo/Bo_0001.jpg", "Bo/Bo_0002.jpg",
        "Ann_Lee/Ann_Lee_0003.jpg",
    ]  # fmt: skip
    assert samples[0].truth.places == (Place(0, 0, True), Place(1, 0, False))
    assert samples[2].truth.places == (Place(1, 0, False), Place(2, 1, True))
    assert samples[0].data.landmarks is None
    assert samples[2].data.landmarks[4].tolist() == [9, 10]
    assert samples[0].data.picture.is_file()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"pairs.txt, line 1.*'10 300'"),
        ("ten\t300\n", r"line 1: 'ten 300'"),
        ("500\n", r"line 1: '500'"),
        ("1\t1\nBo\t1\t2\nBo\t1\tAnn_Lee\t1\n", "two at least"),
        (PAIRS.removesuffix("Ann_Lee\t3\tBo\t2\n"), r"3 pairs, but line 1 says 2 folds of 1 \+ 1"),
        (PAIRS.replace("Ann_Lee\t1\t2", "Ann_Lee\t1"), r"line 2: 'Ann_Lee 1'.*'person n n'"),
        (PAIRS.replace("Ann_Lee\t1\tBo\t1", "Ann_Lee\t1\tBo\tx"), r"line 3.*'person n person n'"),
        (PAIRS.replace("Bo\t1\t2", "Bo\t1\t1"), "line 4: Bo/Bo_0001 twice"),
        (PAIRS.replace("Bo\t1\t2", "Bo\t1\t9"), r"line 4: .*Bo_0009.jpg: there is no such picture"),
        (PAIRS.replace("Ann_Lee\t1\t2", "Nobody\t1\t2"), "line 2: there is no folder Nobody"),
    ],
)
def test_pairs_that_are_none_are_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        FacePairs(lfw(tmp_path, text))


def test_a_folder_without_pairs_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"pairs.txt: there is no such file"):
        FacePairs(tmp_path)


@pytest.mark.parametrize(
    "line", ["a.jpg 1 2 3", "a.jpg 1 2 3 4 5 6 7 8 9 x", "a.jpg 1 2 3 4 5 6 7 8 9 nan", "1 2 3 4 5 6 7 8 9 10"]
)
def test_points_that_are_none_are_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "landmarks.txt").write_text(f"b.jpg 1 2 3 4 5 6 7 8 9 10\n\n{line}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"landmarks.txt, line 3: .*ten numbers"):
        read_five_points(tmp_path)


def test_points_that_come_twice_are_named(tmp_path: Path) -> None:
    (tmp_path / "landmarks.txt").write_text("my face.jpg 1 2 3 4 5 6 7 8 9 10\n" * 2, encoding="utf-8")
    with pytest.raises(DataError, match=r"line 2: my face.jpg comes a second time"):
        read_five_points(tmp_path)


def gallery(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(root / name)
    return root


def test_a_gallery_is_read(tmp_path: Path) -> None:
    root = gallery(tmp_path, "gallery/a/1.png", "gallery/b/1.png", "query/a/day/2.png")
    truths = [sample.truth for sample in FaceGallery(root)]
    assert [(truth.person, truth.query) for truth in truths] == [("a", False), ("b", False), ("a", True)]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("gallery/a/1.png",), "query: there is no such folder"),
        (("gallery/1.png", "query/a/1.png"), "lies in its person's folder"),
        (("gallery/a/1.png", "query/b/1.png"), "b is asked for"),
    ],
)
def test_a_gallery_that_is_none_is_named(tmp_path: Path, names: tuple[str, ...], said: str) -> None:
    with pytest.raises(DataError, match=said):
        FaceGallery(gallery(tmp_path, *names))
