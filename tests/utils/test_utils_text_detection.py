"""ICDAR's format, polygons from probability maps, the metric and the rendered scenes."""

from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from shapely.geometry import Polygon

from utils.datasets.icdar import TextRegion, read_icdar, read_regions, region_lines
from utils.datasets.samples import text_scenes
from utils.draw.ocr import draw_polygons
from utils.metrics.text_detection import TextDetectionMetric, agreement
from utils.postprocess.polygons import (
    PolygonDecoder,
    clockwise,
    cut_out,
    mean_inside,
    shrink,
    smallest_rectangle,
    widen,
)
from utils.preprocess.pytorch.text_detection import MEAN, STD, SceneTransform
from zoo_core.errors import DataError

Found = namedtuple("Found", "polygon score")


def box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)


def turned(polygon: np.ndarray, degrees: float) -> np.ndarray:
    middle, angle = polygon.mean(axis=0), np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return (polygon - middle) @ turn + middle


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    a, b = Polygon(one), Polygon(other)
    return a.intersection(b).area / a.union(b).area


# ICDAR 2015


def test_icdars_own_layout(tmp_path: Path) -> None:
    for folder in ("ch4_test_images", "gt"):
        (tmp_path / folder).mkdir()
    for number in (2, 10):
        Image.new("RGB", (60, 40)).save(tmp_path / f"ch4_test_images/img_{number}.jpg")
    lines = "\ufeff1,2,30,2,30,12,1,12,Hello, world\r\n5,20,25,18,26,30,6,32,###\r\n"
    (tmp_path / "gt/gt_img_2.txt").write_bytes(lines.encode())
    (tmp_path / "gt/gt_img_10.txt").write_bytes(b"\xef\xbb\xbf")
    samples = {sample.id: sample for sample in read_icdar(tmp_path)}
    regions = samples["ch4_test_images/img_2.jpg"].truth
    assert [(region.text, region.ignored) for region in regions] == [("Hello, world", False), ("###", True)]
    np.testing.assert_array_equal(regions[0].polygon, box(1, 2, 30, 12))
    assert samples["ch4_test_images/img_10.jpg"].truth == []
    assert region_lines(regions) == lines.lstrip("\ufeff")


@pytest.mark.parametrize("inside", ["\u2028", "\x85", "\x0b", "\x1c"])
def test_only_a_line_feed_ends_a_line(tmp_path: Path, inside: str) -> None:
    path = tmp_path / "gt_img_1.txt"
    path.write_bytes(f"1,2,30,2,30,12,1,12,one{inside}two\r\n1,2,30,2,30,12,1,12,three\n".encode())
    assert [region.text for region in read_regions(path)] == [f"one{inside}two", "three"]


def parts(root: Path, truths: dict[str, str]) -> None:
    """Two parts with an image of the same name, and text files of one region each."""
    for folder in ("train", "test"):
        (root / folder).mkdir()
        Image.new("RGB", (60, 40)).save(root / folder / "img_1.jpg")
    for folder, text in truths.items():
        (root / folder).mkdir(exist_ok=True)
        (root / folder / "gt_img_1.txt").write_text(f"1,2,30,2,30,12,1,12,{text}\n")


def test_two_parts_below_one_root_keep_their_own_texts(tmp_path: Path) -> None:
    parts(tmp_path, {"train": "seen", "test": "held out"})
    found = {sample.id: sample.truth[0].text for sample in read_icdar(tmp_path)}
    assert found == {"train/img_1.jpg": "seen", "test/img_1.jpg": "held out"}


@pytest.mark.parametrize(
    ("truths", "message"),
    [
        (("train_gt", "test_gt"), r"test/img_1\.jpg: both .*test_gt/gt_img_1\.txt and .*train_gt/gt_img_1\.txt may"),
        (("train_gt",), r"train_gt/gt_img_1\.txt: .* of .*test/img_1\.jpg or of .*train/img_1\.jpg"),
        (("train",), r"train/gt_img_1\.txt: .* of .*test/img_1\.jpg or of .*train/img_1\.jpg"),
    ],
)
def test_a_text_that_may_be_another_images_is_not_guessed(
    tmp_path: Path, truths: tuple[str, ...], message: str
) -> None:
    parts(tmp_path, dict.fromkeys(truths, "whose"))
    with pytest.raises(DataError, match=message):
        read_icdar(tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,2,30,2,word", r"line 2: this polygon has 2 points"),
        ("1,2,30,2,30,12,1,12", r"line 2: this polygon has 4 points"),
        ("1,2,x,2,30,12,1,12,word", r"line 2: a coordinate is not a number"),
        ("1,2,nan,2,30,12,1,12,word", r"line 2: a coordinate is not finite"),
        ("1,2,30,2,30,2,1,2,word", r"line 2: this polygon has 2 different points"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "gt_img_1.txt"
    path.write_text(f"1,2,30,2,30,12,1,12,fine\n{line}\n", encoding="utf-8")
    with pytest.raises(DataError, match=rf"gt_img_1\.txt, {message}"):
        read_regions(path)


def test_missing_pieces_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        read_icdar(tmp_path / "missing")
    Image.new("RGB", (9, 9)).save(tmp_path / "img_1.png")
    (tmp_path / "gt_img_2.txt").write_text("")
    with pytest.raises(DataError, match=r"gt_img_1\.txt"):
        read_icdar(tmp_path)
    (tmp_path / "gt_img_1.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not UTF-8"):
        read_icdar(tmp_path)


# polygons


@pytest.mark.parametrize("degrees", [0, 12, 30, 45, -60, 89])
def test_a_drawn_text_is_found_again(degrees: float) -> None:
    """The paper's widening gives back a part of what its labels shrink; the ratio that fits this text gives it all."""
    import cv2

    truth = turned(box(40, 70, 160, 102), degrees)
    probability = np.zeros((200, 200), np.float32)
    cv2.fillPoly(probability, [np.round(shrink(truth, 0.4)).astype(np.int32)], 0.9)
    ((corners, score),) = PolygonDecoder()(probability)
    assert overlap(corners, truth) > 0.65
    assert 0.75 < score < 0.9001  # the rectangle's edge, which counts, is not all text
    ((corners, _),) = PolygonDecoder(ratio=2.2)(probability)
    assert overlap(corners, truth) > 0.85


def test_offsets_are_those_of_the_paper() -> None:
    square = box(0, 0, 100, 50)
    distance = 100 * 50 * 1.5 / 300
    left, top, right, bottom = Polygon(widen(square, 1.5)).bounds
    assert (left, top, right, bottom) == pytest.approx((-distance, -distance, 100 + distance, 50 + distance))
    inside = 100 * 50 * (1 - 0.4**2) / 300
    assert Polygon(shrink(square, 0.4)).bounds == pytest.approx((inside, inside, 100 - inside, 50 - inside))
    assert widen(np.array([[0, 0], [5, 5], [9, 9]], np.float64), 1.5) is None
    assert shrink(np.array([[0, 0], [9, 9], [9, 0], [0, 9]], np.float64), 0.4) is None  # crosses itself


def test_thresholds_and_small_regions() -> None:
    probability = np.zeros((100, 100), np.float32)
    probability[10:20, 10:60] = 0.95
    probability[40:50, 10:60] = 0.5  # text, but unsure
    probability[70:72, 10:60] = 0.95  # too thin
    decoder = PolygonDecoder()
    assert [round(score, 2) for _, score in decoder(probability)] == [0.95]
    assert len(PolygonDecoder(box_threshold=0.4)(probability)) == 2
    assert decoder(np.zeros((8, 8), np.float32)) == []
    with pytest.raises(DataError, match=r"\[height, width\]"):
        decoder(np.zeros((1, 8, 8), np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_map_that_holds_no_numbers_is_refused(value: float) -> None:
    probability = np.zeros((40, 80))
    probability[3, 5] = value
    with pytest.raises(DataError, match="NaN or infinity"):
        PolygonDecoder()(probability)


def test_order_of_corners_and_the_mean_of_a_region() -> None:
    square = box(2, 3, 8, 6)
    for start in range(4):
        np.testing.assert_array_equal(clockwise(np.roll(square, start, axis=0)), square)
        np.testing.assert_array_equal(clockwise(np.roll(square, start, axis=0)[::-1]), square)
    corners, shorter = smallest_rectangle(np.array([[2, 3], [8, 3], [8, 6], [2, 6], [5, 4]]))
    np.testing.assert_allclose(corners, square, atol=1e-4)
    assert shorter == pytest.approx(3)
    values = np.arange(100, dtype=np.float32).reshape(10, 10)
    assert mean_inside(values, square) == pytest.approx(values[3:7, 2:9].mean())
    assert mean_inside(values, square - 20) == pytest.approx(0.0)


@pytest.mark.parametrize("degrees", [0, 20, 44, -44, -80, 80])
def test_a_cut_out_word_stands_upright(degrees: float) -> None:
    import cv2

    corners = clockwise(turned(box(50, 80, 150, 110), degrees))
    pixels = np.zeros((200, 200, 3), np.uint8)
    left = turned(box(50, 80, 150, 110), degrees)[[0, 3]].mean(axis=0)  # where the reading begins
    cv2.circle(pixels, [round(value) for value in left], 12, (255, 255, 255), -1)
    word = cut_out(pixels, corners)
    assert word.shape == (30, 100, 3)
    assert word[5:25, :8].mean() > 200
    assert word[:, 30:].mean() == 0


# metric


def test_metric_by_hand() -> None:
    """Of three true texts one is found, one is found badly; of two more one lies in ignored text, one is nowhere."""
    truth = [
        TextRegion(box(0, 0, 10, 10), "a"),
        TextRegion(box(20, 0, 30, 10), "b"),
        TextRegion(box(50, 50, 60, 60), "c"),
    ]
    ignored = TextRegion(box(0, 40, 40, 60), "###")
    found = [box(0, 0, 10, 9), box(26, 0, 36, 10), box(5, 45, 15, 55), box(80, 80, 90, 90)]
    metric = TextDetectionMetric()
    metric.update([[Found(one, 0.9) for one in found]], [[*truth, ignored]])
    assert metric.state() == {"images": 1, "there": 3, "found": 3, "matched": 1}
    assert metric.compute() == pytest.approx({"hmean": 1 / 3, "precision": 1 / 3, "recall": 1 / 3})
    other = TextDetectionMetric()
    other.update([[], [Found(box(0, 0, 10, 10), 0.9)]], [[truth[0]], []])
    metric.merge(other.state())
    assert metric.compute() == pytest.approx({"hmean": 1 / 4, "precision": 1 / 4, "recall": 1 / 4})


def test_a_text_is_matched_once_and_half_an_overlap_is_not_enough() -> None:
    truth = [TextRegion(box(0, 0, 10, 10), "a")]
    metric = TextDetectionMetric()
    metric.update([[Found(box(0, 0, 10, 10), 0.9), Found(box(0, 0, 10, 9), 0.8)]], [truth])
    assert metric.state()["matched"] == 1
    half = TextDetectionMetric()
    half.update([[Found(box(0, 0, 10, 5), 0.9)]], [truth])
    assert half.compute()["hmean"] == 0
    # all of an ignored text found in two pieces counts nothing
    ignoring = TextDetectionMetric()
    ignoring.update([[Found(box(0, 0, 5, 9), 0.9)]], [[TextRegion(box(0, 0, 10, 10), "###")]])
    assert ignoring.state() == {"images": 1, "there": 0, "found": 0, "matched": 0}
    with pytest.raises(DataError, match="no image"):
        TextDetectionMetric().compute()
    with pytest.raises(DataError, match="as many"):
        metric.update([[]], [])
    with pytest.raises(DataError, match="not the counts"):
        metric.merge({"images": -1})


def test_a_polygon_that_crosses_itself_is_its_hull() -> None:
    crossed = np.array([[0, 0], [10, 10], [10, 0], [0, 10]], np.float64)
    metric = TextDetectionMetric()
    metric.update([[Found(crossed, 0.9)]], [[TextRegion(box(0, 0, 10, 10), "a")]])
    assert metric.compute()["hmean"] == 1


def test_agreement_of_two_runtimes() -> None:
    sure, unsure = Found(box(0, 0, 100, 20), 0.9), Found(box(0, 50, 100, 70), 0.61)
    nearly = Found(box(0, 0, 99, 20), 0.9)
    assert agreement([sure, unsure], [nearly], 0.6, 0.02)
    assert not agreement([sure], [], 0.6, 0.02)
    assert not agreement([], [sure], 0.6, 0.02)
    assert not agreement([sure], [Found(box(0, 3, 100, 23), 0.9)], 0.6, 0.02)


# preprocessing, sample, drawing


@pytest.mark.parametrize(("width", "height"), [(320, 320), (640, 360), (100, 333), (31, 7)])
def test_equal_to_the_published_definition(width: int, height: int) -> None:
    """MMOCR: mmcv's imrescale by OpenCV, normalisation, zeros at the right and below; and the way back."""
    import cv2

    pixels = np.random.RandomState(width).randint(0, 256, (height, width, 3)).astype(np.uint8)
    array, fit = SceneTransform(320, 256)(Image.fromarray(pixels))
    scale = min(320 / height, 256 / width)
    size = (int(width * scale + 0.5), int(height * scale + 0.5))
    resized = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
    expected = np.zeros((3, 320, 256), np.float32)
    expected[:, : size[1], : size[0]] = ((resized.astype(np.float32) - MEAN) / STD).transpose(2, 0, 1)
    np.testing.assert_array_equal(array, expected)
    np.testing.assert_allclose(fit.to_original(np.array([[0.0, 0.0], size])), [[0, 0], [width, height]])
    with pytest.raises(DataError, match="multiples of 32"):
        SceneTransform(320, 256).resized(100)


def test_the_sample_is_the_same_each_time_and_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_scenes, "SCENES", 3)
    for name in ("one", "two"):
        text_scenes.write_scenes(tmp_path / name)
    samples = read_icdar(tmp_path / "one")
    assert len(samples) == 3
    for sample in samples:
        assert sample.data.read_bytes() == (tmp_path / "two" / sample.id).read_bytes()
        with Image.open(sample.data) as image:
            for region in sample.truth:
                assert Polygon(region.polygon).is_valid
                assert region.polygon.min() >= 0
                assert (region.polygon <= image.size).all()
        shapes = [Polygon(region.polygon) for region in sample.truth]
        assert not any(a.intersects(b) for i, a in enumerate(shapes) for b in shapes[:i])


@pytest.mark.parametrize("size", [(100, 80), (900, 300)])
def test_the_drawing_keeps_the_scene(size: tuple[int, int]) -> None:
    image = Image.new("RGB", size, (10, 200, 10))
    drawn = draw_polygons(image, [box(-5, -5, 30, 20), turned(box(40, 30, 80, 50), 30)], ["", "read"])
    assert drawn.width / drawn.height == pytest.approx(size[0] / size[1])
    assert drawn.getpixel((drawn.width - 1, drawn.height - 1)) == (10, 200, 10)
    assert drawn.getbbox() is not None
    assert draw_polygons(image, []).tobytes() == image.resize(drawn.size).tobytes()
