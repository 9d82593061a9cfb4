"""CTPN's columns: maps that give the texts back, what is connected, and what is refused."""

from itertools import pairwise

import numpy as np
import pytest
from shapely.geometry import Polygon

from utils.datasets.icdar import TextRegion
from utils.postprocess.text_columns import COLUMN, HEIGHTS, ColumnsDecoder, anchors
from utils.training.text_columns import MAPS, column_maps
from zoo_core.errors import DataError


def box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)


def read(regions: list[np.ndarray], side: int = 320, **choices: float) -> list[tuple[np.ndarray, float]]:
    text, _, heights, sides, _ = column_maps([TextRegion(one, "word") for one in regions], side)
    return ColumnsDecoder(**choices)(text, heights, sides)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    a, b = Polygon(one), Polygon(other)
    return a.intersection(b).area / a.union(b).area


def test_anchors_stand_a_column_apart_in_ten_heights() -> None:
    y, x, height = anchors(2, 3)
    assert y.shape == x.shape == height.shape == (10, 2, 3)
    assert sorted(set(height.ravel())) == list(HEIGHTS)
    assert (y[0, :, 0].tolist(), x[0, 0].tolist()) == ([8, 24], [8, 24, 40])
    assert all(0.68 < one / other < 0.72 for one, other in pairwise(HEIGHTS))


@pytest.mark.parametrize("height", [12, 20, 30, 50, 120])
def test_maps_give_a_text_back(height: int) -> None:
    word = box(37, 100, 211, 100 + height)
    ((corners, score),) = read([word])
    np.testing.assert_allclose(corners, word, atol=0.01)
    assert score == 1


def test_a_text_that_leans_a_little() -> None:
    word = np.array([[41, 120], [251, 109], [253, 147], [43, 158]], np.float64)
    ((corners, _),) = read([word])
    assert overlap(corners, word) > 0.9


def test_what_is_near_and_alike_is_one_line() -> None:
    apart, other_line, smaller = box(160, 100, 240, 130), box(160, 124, 240, 154), box(160, 105, 240, 121)
    first = box(35, 100, 130, 130)
    assert len(read([first, apart], gap=50)) == 1
    assert len(read([first, apart], gap=1.5 * COLUMN)) == 2
    assert len(read([first, other_line], gap=50)) == 2
    assert len(read([first, smaller], gap=50)) == 2
    ((corners, _),) = read([first, apart], gap=50)
    np.testing.assert_allclose(corners, box(35, 100, 240, 130), atol=0.01)


def test_a_single_column_is_as_wide_as_a_column() -> None:
    ((corners, _),) = read([box(33, 100, 47, 130)])
    np.testing.assert_allclose(corners, box(32, 100, 48, 130), atol=0.01)


def test_what_maps_say_of_ignored_texts() -> None:
    maps = dict(zip(MAPS, column_maps([TextRegion(box(32, 32, 128, 65), "###")], 160), strict=True))
    assert maps["text"].sum() == 0
    assert (maps["counts"] == 0).any()
    assert maps["counts"].shape == (10, 10, 10)
    assert (maps["counts"][:, :, :2] == 1).all()


def test_the_surest_proposal_of_a_place_stays_and_unsure_lines_go() -> None:
    text, _, heights, sides, _ = column_maps([TextRegion(box(32, 100, 160, 133), "word")], 320)
    doubled = text * 0.95
    doubled[3] = np.maximum(doubled[3], np.roll(text[3], 1, axis=0) * 0.9)  # the row below says it too
    assert len(ColumnsDecoder()(doubled, heights, sides)) >= 1
    assert ColumnsDecoder()(doubled, heights, sides)[0][1] == pytest.approx(0.95)
    assert ColumnsDecoder(box_threshold=0.97)(doubled, heights, sides) == []
    assert ColumnsDecoder(threshold=0.96)(doubled, heights, sides) == []
    assert ColumnsDecoder()(np.zeros_like(text, np.float16), heights, sides) == []


def test_a_height_beyond_any_picture_does_not_overflow() -> None:
    text, _, heights, sides, _ = column_maps([TextRegion(box(32, 100, 160, 133), "word")], 320)
    heights[10:] = 1e4
    for corners, _ in ColumnsDecoder()(text, heights, sides):
        assert np.isfinite(corners).all()


def test_maps_that_are_none_are_refused() -> None:
    right = np.zeros((10, 4, 4)), np.zeros((20, 4, 4)), np.zeros((10, 4, 4))
    assert ColumnsDecoder()(*right) == []
    with pytest.raises(DataError, match=r"scores \[10, rows, columns\], heights of 20 and sides of 10 maps alike"):
        ColumnsDecoder()(right[0], right[0], right[2])
    with pytest.raises(DataError, match=r"got \[10, 4, 5\]"):
        ColumnsDecoder()(np.zeros((10, 4, 5)), right[1], right[2])
    right[1][3, 2, 1] = np.nan
    with pytest.raises(DataError, match="NaN or infinity"):
        ColumnsDecoder()(*right)


@pytest.mark.parametrize("sides", [(0.6, -0.6), (3.0, -3.0)])
def test_columns_that_contradict_each_other_are_no_text(sides: tuple[float, float]) -> None:
    """Each says that the text ends where the other begins."""
    text, _, heights, ends, _ = column_maps([TextRegion(box(32, 100, 64, 133), "word")], 320)
    assert len(ColumnsDecoder()(text, heights, ends)) == 1
    rows, columns = np.nonzero(text.max(axis=0) > 0)
    for column, side in zip((columns.min(), columns.max()), sides, strict=True):
        ends[:, rows[0], column] = side
    assert ColumnsDecoder()(text, heights, ends) == []
