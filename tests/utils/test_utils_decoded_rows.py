"""Detectors whose graph decodes its boxes: the centred letterbox, and rows to objects."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from utils.postprocess.pytorch.decoded_rows import RowsDecoder
from utils.preprocess.pytorch.centred_letterbox import CentredLetterbox
from utils.preprocess.pytorch.detection import Placed
from zoo_core.errors import DataError


def _picture(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.full((height, width, 3), (255, 51, 0), np.uint8))


@pytest.mark.parametrize(
    ("size", "offset", "inner"),
    [
        ((64, 64), (0, 0), (64, 64)),
        ((128, 64), (0, 16), (64, 32)),
        ((33, 64), (15, 0), (33, 64)),
        ((8, 4), (0, 16), (64, 32)),
    ],
)
def test_the_picture_lies_in_the_middle(size: tuple[int, int], offset: tuple[int, int], inner: tuple[int, int]) -> None:
    """Small ones are enlarged; an odd pixel of grey goes to the right or below."""
    (array,), placed = CentredLetterbox(64)(_picture(*size))
    assert (placed.offset, placed.size) == (offset, size)
    assert placed.scale == min(64 / size[0], 64 / size[1])
    left, top = offset
    inside = array[:, top : top + inner[1], left : left + inner[0]]
    np.testing.assert_allclose(inside, np.broadcast_to(np.array([1, 0.2, 0], np.float32)[:, None, None], inside.shape))
    assert np.isclose(array, 114 / 255).all(axis=0).sum() == 64 * 64 - inner[0] * inner[1]


@pytest.mark.parametrize(
    ("size", "offset", "inner"),
    [((96, 64), (0, 0), (96, 64)), ((64, 64), (16, 0), (64, 64)), ((192, 64), (0, 16), (96, 32))],
)
def test_a_rectangle(size: tuple[int, int], offset: tuple[int, int], inner: tuple[int, int]) -> None:
    """Of 64 x 96 pixels: what is found in it comes back to the picture's own places."""
    transform = CentredLetterbox(64, 96)
    (array,), placed = transform(_picture(*size))
    assert array.shape == transform.shape == (3, 64, 96)
    assert (placed.offset, placed.size, placed.input) == (offset, size, (64, 96))
    left, top = offset
    assert np.allclose(array[0, top : top + inner[1], left : left + inner[0]], 1)
    assert np.isclose(array, 114 / 255).all(axis=0).sum() == 64 * 96 - inner[0] * inner[1]
    row = np.array([[[48, 32, inner[0], inner[1], 0.9]]], np.float32)  # a box around all of the picture
    (found,) = RowsDecoder(1)([row], [placed])
    np.testing.assert_allclose(found.boxes, [[0, 0, *size]], atol=1e-4)
    assert CentredLetterbox(64, 96).resized(128).shape == (3, 128, 128)


def test_it_writes_where_it_is_told_and_refuses_what_does_not_fit() -> None:
    given = np.zeros((3, 64, 64), np.float16)
    (array,), _ = CentredLetterbox(64)(_picture(10, 10), (given,))
    assert array is given
    assert given.max() == 1
    with pytest.raises(DataError, match="a picture of 1000 x 1 pixels is too narrow"):
        CentredLetterbox(64)(_picture(1000, 1))
    with pytest.raises(ValueError, match=r"out must be one array of \[3, 64, 64\]"):
        CentredLetterbox(64)(_picture(10, 10), (np.zeros((3, 32, 32), np.float32),))
    with pytest.raises(DataError, match="takes multiples of 32"):
        CentredLetterbox(64).resized(65)


def _output(objectness: bool, columns: bool) -> np.ndarray:
    """Three boxes: two of them over each other, the first of both classes."""
    boxes = np.array([[20, 30, 10, 20], [21, 30, 10, 20], [50, 50, 4, 4]], np.float32)
    scores = np.array([[0.8, 0.6], [0.7, 0.001], [0.0, 0.5]], np.float32)
    between = [np.array([[0.5], [1], [1]], np.float32)] if objectness else []
    rows = np.concatenate([boxes, *between, scores], axis=1)[None]
    return rows.transpose(0, 2, 1) if columns else rows


@pytest.mark.parametrize("columns", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_each_class_of_a_box_is_a_candidate(columns: bool, dtype: type) -> None:
    meta = Placed(0.5, (100, 100), (64, 64), (4, 8))
    (found,) = RowsDecoder(2, columns=columns)([_output(False, columns).astype(dtype)], [meta])
    assert found.classes.tolist() == [0, 1, 1]
    np.testing.assert_allclose(found.scores, [0.8, 0.6, 0.5], rtol=1e-3)
    np.testing.assert_allclose(found.boxes, [[22, 24, 42, 64], [22, 24, 42, 64], [88, 80, 96, 88]])
    assert found.size == (100, 100)


def test_objectness_is_multiplied_with_the_classes() -> None:
    (found,) = RowsDecoder(2, objectness=True)([_output(True, False)], [Placed(1, (64, 64), (64, 64))])
    assert found.classes.tolist() == [0, 1, 1]
    np.testing.assert_allclose(found.scores, [0.7, 0.5, 0.3])
    np.testing.assert_allclose(found.boxes[0], [16, 20, 26, 40])


def test_no_more_than_asked_for() -> None:
    meta = Placed(1, (64, 64), (64, 64))
    assert len(RowsDecoder(2, most=1)([_output(False, False)], [meta])[0].boxes) == 1
    assert RowsDecoder(2, candidates=2)([_output(False, False)], [meta])[0].scores.tolist() == [np.float32(0.8)]
    (nothing,) = RowsDecoder(2)([np.zeros((1, 5, 6), np.float32)], [meta])
    assert nothing.boxes.shape == (0, 4)


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (np.zeros((1, 5, 7), np.float32), r"an output of \[1, 5, 7\], expected \[N, boxes, 6\] for 2 classes"),
        (np.zeros((1, 6), np.float32), r"an output of \[1, 6\]"),
        (np.zeros((2, 5, 6), np.float32), "gave 2 rows for 1 samples"),
        (np.full((1, 5, 6), np.nan, np.float32), "NaN or infinity"),
    ],
)
def test_outputs_that_do_not_fit(output: np.ndarray, said: str) -> None:
    with pytest.raises(DataError, match=said):
        RowsDecoder(2)([output], [Placed(1, (64, 64), (64, 64))])
