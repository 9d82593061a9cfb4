"""Drawn boxes: where they belong, in the class's colour, and whatever the picture's size."""

import numpy as np
import pytest
from PIL import Image

from utils.draw.detection import class_colour, draw_detections
from utils.postprocess.pytorch.detection import Detections


def found(*rows: tuple[float, ...], size: tuple[int, int]) -> Detections:
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Detections(table[:, :4], table[:, 5], table[:, 4].astype(int), size)


def test_a_box_stands_where_it_was_found():
    picture = Image.new("RGB", (800, 600), (90, 90, 90))
    drawn = np.asarray(draw_detections(picture, found((100, 200, 300, 400, 1, 0.9), size=(800, 600)), ("a", "b")))
    assert drawn.shape == (600, 800, 3)
    coloured = (drawn == class_colour(1)).all(axis=2)
    assert coloured[300, 100]
    assert coloured[300, 300]
    assert coloured[400, 200]
    assert not coloured[300, 200]
    assert coloured[180:199, 100:130].any()  # the label, above the box
    assert (np.asarray(picture) == 90).all()


@pytest.mark.parametrize("size", [(8, 8), (30, 600), (1500, 700)])
def test_any_size_and_boxes_that_leave_the_picture(size):
    width, height = size
    rows = [(-9, -5, width + 20, height / 2, index, 1 - index / 10) for index in range(9)]
    drawn = draw_detections(Image.new("RGB", size), found(*rows, size=size), [f"label {n}" * 3 for n in range(9)])
    factor = drawn.width // width
    assert drawn.size == (width * factor, height * factor)
    assert max(drawn.size) >= 600


def test_nothing_found_draws_nothing():
    picture = Image.new("RGB", (700, 700), (1, 2, 3))
    assert (np.asarray(draw_detections(picture, found(size=(700, 700)), ())) == (1, 2, 3)).all()


def test_classes_have_colours_of_their_own():
    assert len({class_colour(index) for index in range(80)}) == 80
