"""UltraFace's and YuNet's rows to faces, a network without landmarks, and outputs that do not fit."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from utils.draw.face import draw_faces
from utils.metrics.face import FaceMetric
from utils.postprocess.pytorch.detection import grid
from utils.postprocess.pytorch.face_rows import (
    RETINAFACE,
    RetinaFaceDecoder,
    UltraFaceDecoder,
    YuNetDecoder,
    standing_boxes,
)
from utils.preprocess.fit import Fit
from utils.preprocess.pytorch.face import FaceTransform
from zoo_core.errors import DataError

WIDE = Fit((640, 480), (320, 240))


def test_boxes_that_stand_for_cells() -> None:
    """4,420 at 320 x 240, as the authors have it; where 240 is no multiple of 64, four rows share it."""
    boxes = standing_boxes(320, 240)
    assert boxes.shape == (4420, 4)
    assert boxes[:4].tolist() == [[4, 4, 10, 10], [4, 4, 16, 16], [4, 4, 24, 24], [12, 4, 10, 10]]
    assert boxes[-1].tolist() == [288, 210, 256, 256]


def test_ultraface_moves_the_standing_box() -> None:
    scores, raw = np.zeros((1, 4420, 2), np.float32), np.zeros((1, 4420, 4), np.float32)
    scores[0, [5, 4400], 1] = 0.01, 0.9
    raw[0, 4400] = [1, -2, 5 * np.log(0.5), 0]
    (found,) = UltraFaceDecoder()([scores, raw], [WIDE])
    x, y, width, height = standing_boxes(320, 240)[4400]
    x, y, width = x + 0.1 * width, y - 0.2 * height, width / 2
    want = [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
    assert found.boxes[0] == pytest.approx(np.clip(want, 0, [320, 240, 320, 240]) * 2, rel=1e-5)
    assert (found.scores.tolist(), found.landmarks.shape) == (pytest.approx([0.9]), (1, 0, 2))


def test_retinafaces_standing_boxes_are_those_of_the_paper() -> None:
    """16,800 at 640 x 640: two a cell, of twice the side, around the middle of the cell."""
    boxes = standing_boxes(640, 640, RETINAFACE)
    want = [
        ((column + 0.5) * stride, (row + 0.5) * stride, side, side)
        for stride, sides in ((8, (16, 32)), (16, (64, 128)), (32, (256, 512)))
        for row in range(640 // stride)
        for column in range(640 // stride)
        for side in sides
    ]
    assert len(want) == 16_800
    np.testing.assert_array_equal(boxes, np.array(want, np.float32))


def test_retinaface_moves_box_and_points() -> None:
    count = len(standing_boxes(64, 64, RETINAFACE))
    raw, scores = np.zeros((1, count, 4), np.float32), np.zeros((1, count, 2), np.float32)
    points = np.zeros((1, count, 10), np.float32)
    place = 2 * (64 + 4 + 1)  # the second map, row 1, column 1, its smaller box
    scores[0, place, 1], scores[0, 3, 1] = 0.9, 0.01
    raw[0, place] = [1, -1, 5 * np.log(0.25), 5 * np.log(0.5)]
    points[0, place] = np.arange(10) / 10
    (found,) = RetinaFaceDecoder()([raw, scores, points], [Fit((128, 64), (64, 32))])
    x, y, side = 24.0, 24.0, 64.0
    want = np.array([x + 6.4 - 8, y - 6.4 - 16, x + 6.4 + 8, y - 6.4 + 16]).clip(0, [64, 32, 64, 32])
    assert found.boxes[0] == pytest.approx(want * 2, rel=1e-5)
    assert found.landmarks[0, 4] == pytest.approx([(x + 0.08 * side) * 2, (y + 0.09 * side) * 2])
    with pytest.raises(DataError, match=f"gave {count} boxes, an input of"):
        RetinaFaceDecoder()([raw, scores, points], [Fit((96, 96), (96, 96))])


def test_the_mean_is_taken_from_the_picture_and_not_from_what_fills_up() -> None:
    (array,), fit = FaceTransform(64, 64, blue_first=True, mean=(104, 117, 123))(
        Image.new("RGB", (20, 10), (123, 117, 200))
    )
    assert fit.size == (64, 32)
    assert np.unique(array[:, :32], axis=(1)).reshape(3, -1)[:, 0].tolist() == [96, 0, 0]
    assert not array[:, 32:].any()


def test_faces_without_landmarks_are_drawn_and_counted() -> None:
    from utils.datasets.wider_face import Faces

    scores, raw = np.zeros((1, 4420, 2), np.float32), np.zeros((1, 4420, 4), np.float32)
    scores[0, 4400, 1] = 0.9
    (found,) = UltraFaceDecoder()([scores, raw], [WIDE])
    drawn = np.asarray(draw_faces(Image.new("RGB", (640, 480)), found))
    assert drawn.any()
    truth = Faces(found.boxes, np.zeros(1, bool), np.zeros((1, 5, 2), np.float32), np.zeros((1, 5), bool))
    metric = FaceMetric()
    metric.update([found], [truth])
    assert metric.compute() == {"ap50": pytest.approx(1.0)}


def test_yunet_reads_a_cell() -> None:
    cells = len(grid(64, 64)[0])
    arrays = [np.zeros((1, cells, count), np.float32) for count in (1, 1, 4, 10)]
    place = 64 + 5  # the second map's sixth cell: row 1, column 1, stride 16
    arrays[0][0, place], arrays[1][0, place] = 0.81, 0.25
    arrays[2][0, place] = [0.5, 0.25, np.log(2), 0]
    arrays[3][0, place] = np.arange(10) / 10
    (found,) = YuNetDecoder()(arrays, [Fit((64, 32), (64, 32))])
    assert found.scores[0] == pytest.approx(0.45)
    assert found.boxes[0] == pytest.approx([24 - 16, 20 - 8, 24 + 16, 20 + 8])
    assert found.landmarks[0, 4] == pytest.approx([(1 + 0.8) * 16, (1 + 0.9) * 16])


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        (((1, 84, 1), (1, 84, 1), (1, 84, 4)), r"expected cls \[1, rows, 1\]"),
        (((1, 84, 1), (1, 84, 1), (1, 80, 4), (1, 84, 10)), "expected cls"),
        (((2, 84, 1), (2, 84, 1), (2, 84, 4), (2, 84, 10)), "expected cls"),
        (((1, 99, 1), (1, 99, 1), (1, 99, 4), (1, 99, 10)), "gave 99 cells, an input of 64 x 64 has 84"),
    ],
)
def test_outputs_that_do_not_fit_are_a_sentence(shapes: tuple[tuple[int, ...], ...], said: str) -> None:
    with pytest.raises(DataError, match=said):
        YuNetDecoder()([np.zeros(shape, np.float32) for shape in shapes], [Fit((64, 64), (64, 64))])


def test_no_number_and_another_input_are_a_sentence() -> None:
    given = [np.zeros((1, 4420, 2), np.float32), np.full((1, 4420, 4), np.inf, np.float32)]
    with pytest.raises(DataError, match="NaN or infinity"):
        UltraFaceDecoder()(given, [WIDE])
    with pytest.raises(DataError, match="gave 4420 boxes"):
        UltraFaceDecoder()([given[0], np.zeros((1, 4420, 4))], [Fit((640, 480), (640, 480))])


def test_blue_comes_first_where_asked_for() -> None:
    picture = Image.new("RGB", (32, 32), (1, 2, 3))
    (array,), _ = FaceTransform(32, 32, blue_first=True)(picture)
    assert array[:, 0, 0].tolist() == [3, 2, 1]
