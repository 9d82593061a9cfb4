"""Reading a photograph: three networks in a chain, stood in for by functions whose answers are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.datasets.icdar import TextRegion
from utils.metrics.text_reading import TextReadingMetric, same_text
from utils.postprocess.paddle.text_lines import from_upper_left, in_reading_order, line_of
from zoo.catalogue import load
from zoo.errors import ZooError
from zoo.frameworks import onnx as graphs
from zoo.tasks.text_detection import FoundText
from zoo.tasks.text_reading import Line
from zoo.weights import Weights
from zoo_core.errors import DataError

TASK: Any = load("ocr/ppocr").variant("ppocrv6_read").task


def box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)


def found(*places: tuple[float, float]) -> list[FoundText]:
    return [FoundText(box(x, y, x + 5, y + 5), 1.0) for x, y in places]


def test_rows_are_read_from_left_to_right() -> None:
    ordered = in_reading_order(found((50, 3), (5, 40), (5, 9), (20, 0), (70, 31)))
    assert [tuple(one.polygon[0]) for one in ordered] == [(5, 9), (20, 0), (50, 3), (5, 40), (70, 31)]


def test_corners_begin_at_the_upper_left() -> None:
    for shift in range(4):
        assert from_upper_left(np.roll(box(3, 1, 9, 4), shift, axis=0)).tolist() == box(3, 1, 9, 4).tolist()
    leaning = np.array([[0, 20], [40, 0], [44, 8], [4, 28]], np.float64)
    assert from_upper_left(leaning[::-1]).tolist() == leaning.tolist()


def test_a_line_is_cut_out_and_stands_up() -> None:
    pytest.importorskip("cv2")
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[10:20, 5:45, 0] = np.arange(40) * 6
    piece = line_of(pixels, box(5, 10, 45, 20))
    assert piece.shape == (10, 40, 3)
    assert np.abs(piece[:, :, 0].astype(int) - np.arange(40) * 6).max() <= 3
    # what runs downwards is turned to the left
    assert line_of(pixels.transpose(1, 0, 2).copy(), box(10, 5, 20, 45)).shape == (10, 40, 3)
    assert line_of(pixels, box(5, 10, 19, 30)).shape == (20, 14, 3)
    assert line_of(pixels, box(5, 10, 5, 10)).shape == (1, 1, 3)


class Parts:
    """The three networks: text in two boxes of a scene of 96 x 64; a word a call."""

    def __init__(self, words: list[tuple[str, float]], turned: float = 0.0):
        self.words, self.turned = words, turned
        self.read: list[np.ndarray] = []

    def det(self, arrays: list[np.ndarray]) -> np.ndarray:
        (scene,) = arrays
        maps = np.zeros((1, 1, *scene.shape[2:]), np.float32)
        maps[0, 0, 40:52, 10:60] = maps[0, 0, 10:22, 10:80] = 0.95
        return maps

    def direction(self, arrays: list[np.ndarray]) -> np.ndarray:
        assert arrays[0].shape == (1, 3, 48, 192)
        return np.array([[1 - self.turned, self.turned]], np.float32)

    def rec(self, arrays: list[np.ndarray]) -> np.ndarray:
        self.read.append(arrays[0])
        text, score = self.words[len(self.read) - 1]
        alphabet = TASK.reading.alphabet
        scores = np.zeros((1, 2 * len(text) + 1, 1 + len(alphabet)), np.float32)
        scores[0, :, 0] = 0.4
        for place, letter in enumerate(text):
            scores[0, 2 * place, 1 + alphabet.index(letter)] = score
        return scores

    def run(self, data: Any) -> list[Line]:
        arrays, meta = TASK.preprocess(data)
        given = {"det": self.det, "direction": self.direction, "rec": self.rec}
        outputs = TASK.run(given, [array[None] for array in arrays])
        (lines,) = TASK.postprocess(outputs, [meta])
        return list(lines)


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    pytest.importorskip("cv2")
    pixels = np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "scene.png")
    return tmp_path / "scene.png"


def test_what_is_found_is_read_in_its_place(scene: Path) -> None:
    lines = Parts([("Café 猫", 0.9), ("two", 0.8)]).run(scene)
    assert [(line.text, round(line.reading, 2)) for line in lines] == [("Café 猫", 0.9), ("two", 0.8)]
    assert lines[0].polygon[:, 1].max() < lines[1].polygon[:, 1].min()
    assert TASK.describe(lines, 1) == "Café 猫 | two"
    first = TASK.to_json(lines)["lines"][0]
    assert (first["text"], first["reading"], len(first["polygon"])) == ("Café 猫", 0.9, 4)
    assert TASK.draw(scene, lines).width == 192
    assert TASK.agreement(lines, lines)
    assert not TASK.agreement(lines, lines[:1])
    assert not TASK.agreement(lines, [lines[0], replace(lines[1], text="tow")])


def test_what_is_read_without_certainty_is_dropped(scene: Path) -> None:
    assert [line.text for line in Parts([("one", 0.49), ("two", 0.5)]).run(scene)] == ["two"]
    assert Parts([("", 0.0), ("", 0.0)]).run(scene) == []
    assert TASK.describe([], 1) == "no text"


def test_a_line_on_its_head_is_turned_round(scene: Path) -> None:
    upright, turned, doubtful = Parts([("a", 1)] * 2), Parts([("a", 1)] * 2, 0.95), Parts([("a", 1)] * 2, 0.85)
    pieces = [line_of(np.asarray(Image.open(scene)), line.polygon) for line in upright.run(scene)]
    turned.run(scene)
    doubtful.run(scene)
    for number, piece in enumerate(pieces):
        for parts, wanted in ((upright, piece), (turned, piece[::-1, ::-1]), (doubtful, piece)):
            (array,), _ = TASK.reading.preprocess(Image.fromarray(np.ascontiguousarray(wanted)))
            assert np.array_equal(parts.read[number][0], array)


def test_where_nothing_is_found_the_picture_may_be_a_word_that_fills_it(scene: Path) -> None:
    for score, texts in ((0.95, ["word"]), (0.89, [])):
        parts = Parts([("word", score)])
        parts.det = lambda arrays: np.zeros((1, 1, *arrays[0].shape[2:]), np.float32)  # type: ignore[method-assign]
        lines = parts.run(scene)
        assert [line.text for line in lines] == texts
        assert all(line.polygon.tolist() == box(0, 0, 96, 64).tolist() for line in lines)


def test_no_numbers(scene: Path) -> None:
    parts = Parts([("a", 1.0)])
    parts.direction = lambda arrays: np.full((1, 2), np.nan, np.float32)  # type: ignore[method-assign]
    with pytest.raises(DataError, match="NaN"):
        parts.run(scene)


@pytest.mark.parametrize(
    ("read", "true", "same"),
    [
        ("hotel", "HOTEL", True),
        ("HOTEL", "HOTEL!", True),
        ("HOTEL", '"HOTEL"', True),
        ("HOTEL!", "HOTEL", False),
        ("HOTE", "HOTEL", False),
        ("A-B", "AB", False),
        ("", "", True),
    ],
)
def test_texts_that_are_the_same(read: str, true: str, same: bool) -> None:
    assert same_text(read, true) is same


def test_a_pair_counts_where_place_and_text_are_right() -> None:
    true = [
        TextRegion(box(0, 0, 10, 10), "One"),
        TextRegion(box(20, 0, 30, 10), "two"),
        TextRegion(box(40, 0, 50, 10), "###"),
    ]
    lines = [
        Line(box(0, 0, 10, 9), 1.0, "ONE", 1.0),
        Line(box(20, 0, 30, 9), 1.0, "too", 1.0),
        Line(box(40, 0, 50, 9), 1.0, "any", 1.0),
        Line(box(60, 0, 70, 9), 1.0, "far", 1.0),
    ]
    metric = TextReadingMetric()
    metric.update([lines], [true])
    assert metric.compute() == pytest.approx({"hmean": 2 / 5, "precision": 1 / 3, "recall": 1 / 2})


def test_one_file_for_three_graphs_is_a_sentence(tmp_path: Path) -> None:
    model = load("ocr/ppocr").variant("ppocrv6_read")
    with pytest.raises(ZooError, match=r"consists of 3 graphs \(det, direction, rec\)"):
        graphs.load(model, Weights("file", tmp_path / "one.onnx", "0"), [])
