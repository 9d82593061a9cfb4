"""AdvancedEAST's ends: which corner is first, maps that give the texts back, and what is refused."""

import numpy as np
import pytest
from shapely.geometry import Polygon

from utils.datasets.icdar import TextRegion
from utils.postprocess.polygons import clockwise
from utils.postprocess.text_ends import CELL, EndsDecoder, centres, oriented
from utils.training.text_ends import MAPS, end_maps
from zoo_core.errors import DataError


def box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)


def turned(polygon: np.ndarray, degrees: float) -> np.ndarray:
    """Anticlockwise as seen."""
    middle, angle = polygon.mean(axis=0), np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (polygon - middle) @ turn + middle


@pytest.mark.parametrize("degrees", [0, 30, 45, -45, -80, 60])
def test_a_word_begins_where_it_is_read_from(degrees: float) -> None:
    """Up to 63 degrees, a word that is longer than high begins with its own upper left corner."""
    word = turned(box(0, 0, 100, 30), degrees)
    for start in range(4):
        np.testing.assert_allclose(oriented(np.roll(word, start, axis=0)), word)


def test_short_words_lie_and_tall_ones_stand() -> None:
    np.testing.assert_array_equal(oriented(box(0, 0, 28, 40))[0], [0, 0])
    np.testing.assert_array_equal(oriented(box(0, 0, 28, 80)), np.roll(box(0, 0, 28, 80), -1, axis=0))


def read(maps: tuple[np.ndarray, ...], **choices: float) -> list[tuple[np.ndarray, float]]:
    inside, _, end, last, corners, _ = maps
    return EndsDecoder(**choices)(np.stack([inside, end, last]), corners)


@pytest.mark.parametrize("degrees", [0, 12, 45, -45, 75, 90, 180])
def test_maps_give_the_texts_back(degrees: float) -> None:
    quads = [turned(box(60, 60, 190, 92), degrees), turned(box(60, 185, 130, 225), degrees)]
    maps = end_maps([TextRegion(quad, "word") for quad in quads], 256)
    found = read(maps)
    assert len(found) == 2
    for quad in quads:
        best = max(Polygon(quad).intersection(Polygon(corners)).area for corners, _ in found)
        assert best / Polygon(quad).area == pytest.approx(1, abs=1e-3)
    for corners, score in found:
        assert score == 1
        np.testing.assert_array_equal(clockwise(corners), corners)


def test_a_quadrangle_that_is_no_rectangle_keeps_its_corners() -> None:
    quad = np.array([[20, 30], [180, 20], [190, 90], [30, 70]], np.float64)
    ((corners, _),) = read(end_maps([TextRegion(quad, "word")], 224))
    np.testing.assert_allclose(corners, quad, atol=1e-3)


def test_what_maps_say_of_a_text() -> None:
    texts = [TextRegion(box(20, 20, 120, 60), "word"), TextRegion(box(20, 80, 100, 110), "###")]
    maps = dict(zip(MAPS, end_maps(texts, 128), strict=True))
    x, y = centres(32, 32)[..., 0], centres(32, 32)[..., 1]
    within = (x >= 28) & (x <= 112) & (y >= 28) & (y <= 52)  # a fifth of the shorter side is left out
    np.testing.assert_array_equal(maps["inside"], within)
    np.testing.assert_array_equal(maps["end"], within & ((x < 44) | (x > 96)))
    np.testing.assert_array_equal(maps["last"], within & (x > 70))
    np.testing.assert_array_equal(maps["counts"], 1 - ((x >= 20) & (x <= 100) & (y >= 80) & (y <= 110)))
    assert set(np.unique(maps["shorter"][within])) == {40}
    cell = int(30 / CELL), int(30 / CELL)
    here = centres(32, 32)[cell]
    np.testing.assert_allclose(
        maps["corners"][:, cell[0], cell[1]], [20 - here[0], 60 - here[1], 20 - here[0], 20 - here[1]]
    )


def test_texts_without_an_end_or_unsure_ones_are_dropped() -> None:
    maps = end_maps([TextRegion(box(20, 20, 120, 60), "word"), TextRegion(box(20, 80, 100, 110), "other")], 128)
    inside, _, end, last, corners, _ = maps
    codes = np.stack([inside, end, last])
    blind = codes.copy()
    blind[1, 20:, 16:] = 0  # the other text's last end
    assert len(EndsDecoder()(blind, corners)) == 1
    unsure = codes.copy()
    unsure[0, 20:] *= 0.6
    assert len(EndsDecoder()(unsure, corners)) == 1
    assert [round(score, 2) for _, score in EndsDecoder(box_threshold=0.5)(unsure, corners)] == [1.0, 0.6]
    assert len(EndsDecoder(candidates=1)(codes, corners)) == 1
    assert EndsDecoder()(np.zeros_like(codes, np.float16), corners) == []


def test_maps_that_are_none_are_refused() -> None:
    with pytest.raises(DataError, match=r"codes \[3, height, width\] and corners \[4, height, width\] are expected"):
        EndsDecoder()(np.zeros((3, 8, 8)), np.zeros((4, 8, 9)))
    with pytest.raises(DataError, match="are expected"):
        EndsDecoder()(np.zeros((7, 8, 8)), np.zeros((4, 8, 8)))
    corners = np.zeros((4, 8, 8))
    corners[0, 0, 0] = np.inf
    with pytest.raises(DataError, match="NaN or infinity"):
        EndsDecoder()(np.zeros((3, 8, 8)), corners)
