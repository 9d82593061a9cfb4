"""PaddleOCR's steps around its networks: pictures in, probabilities out, and what an ONNX file says of itself."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from utils.onnx_metadata import onnx_metadata
from utils.postprocess.ctc import greedy, greedy_mean
from utils.postprocess.paddle.text_detection import PaddleOcrDecoder, whole_pixels
from utils.preprocess.fit import Fit
from utils.preprocess.paddle.ocr import PaddleOcrDirectionTransform, PaddleOcrSceneTransform, PaddleOcrTransform
from zoo_core.errors import DataError


def picture(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.RandomState(width).randint(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize(("width", "height"), [(100, 32), (181, 59), (333, 20), (320, 48), (10, 90)])
def test_a_word_is_blue_first_and_filled_up_with_grey(width: int, height: int) -> None:
    image = picture(width, height)
    array, room = PaddleOcrTransform(48, 3200)(image)
    own = min(math.ceil(48 * (width / height)), max(int(48 * (width / height)), 320))
    expected = cv2.resize(np.asarray(image)[:, :, ::-1], (own, 48)).astype(np.float32) / 255
    assert array.shape == (3, 48, room)
    assert room == max(320, int(48 * (width / height)))
    np.testing.assert_array_equal(array[:, :, :own], ((expected - 0.5) / 0.5).transpose(2, 0, 1))
    assert not array[:, :, own:].any()


def test_longer_words_are_squeezed_and_directions_have_one_size() -> None:
    assert PaddleOcrTransform(48, 640)(picture(900, 20))[0].shape == (3, 48, 640)
    out = (np.ones((3, 48, 192), np.float32),)
    (array,), _ = PaddleOcrDirectionTransform()(picture(100, 32), out)
    assert array is out[0]
    np.testing.assert_array_equal(array, PaddleOcrTransform(48, 192, 192)(picture(100, 32))[0])
    with pytest.raises(DataError, match="48 x 192 only"):
        PaddleOcrDirectionTransform().resized(64)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1280, 720), (1280, 704)),  # 22.5 times 32 is rounded to the even 22
        ((300, 40), (480, 64)),  # the shorter side is enlarged to 64
        ((9000, 3000), (4000, 1344)),  # the longer one made smaller to 4,000
        ((10, 10), (64, 64)),
        ((20000, 10), (4000, 32)),
    ],
)
def test_scenes_keep_their_size_in_multiples_of_32(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert PaddleOcrSceneTransform().size_of(size) == expected


def test_a_scene_is_normalised_as_the_source_does() -> None:
    image = picture(70, 100)
    array, fit = PaddleOcrSceneTransform()(image)
    scaled = cv2.resize(np.asarray(image)[:, :, ::-1], (64, 96)).astype(np.float64) / 255
    expected = (scaled - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    np.testing.assert_allclose(array, expected.transpose(2, 0, 1), atol=1e-5)
    assert fit == Fit((70, 100), (64, 96))
    smaller = PaddleOcrSceneTransform().resized(64)
    assert smaller.size_of((1000, 500)) == (64, 32)
    with pytest.raises(DataError, match="multiples of 32"):
        PaddleOcrSceneTransform().resized(100)


def test_corners_lie_where_the_clipper_library_puts_them() -> None:
    """The source's steps, with its own library where it is installed."""
    pyclipper = pytest.importorskip("pyclipper")
    values = np.zeros((96, 128), np.float32)
    cv2.fillPoly(values, [np.array([[20, 30], [90, 20], [94, 40], [24, 50]])], 0.9)
    ((corners, score),) = PaddleOcrDecoder()(values)
    rectangle = cv2.boxPoints(cv2.minAreaRect(np.argwhere(values > 0.3)[:, ::-1].astype(np.float32)))
    offset = pyclipper.PyclipperOffset()
    offset.AddPath(rectangle, pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    wide = offset.Execute(cv2.contourArea(rectangle) * 1.5 / cv2.arcLength(rectangle, True))[0]
    expected = cv2.boxPoints(cv2.minAreaRect(np.array(wide, np.float32)))
    assert 0.8 < score <= 0.9  # the edge of the rectangle takes in a little of what is around it
    for corner in corners:
        assert np.linalg.norm(expected - corner, axis=1).min() < 2


def test_corners_are_whole_pixels_inside_of_the_picture() -> None:
    fit = Fit((100, 50), (128, 64))
    found = whole_pixels(fit, np.array([[-3.0, 10.4], [140.0, 10.4], [140.0, 70.0], [0.6, 70.0]]))
    np.testing.assert_array_equal(found, [[0, 8], [100, 8], [100, 50], [0, 50]])


def test_ctc_with_the_mean_of_the_kept_characters() -> None:
    probabilities = np.full((2, 5, 4), 0.01, np.float32)
    for step, (best, value) in enumerate([(1, 0.9), (1, 0.5), (0, 0.8), (1, 0.7), (3, 0.6)]):
        probabilities[0, step, best] = value
    probabilities[1, :, 0] = 0.9
    (path, score), (nothing, zero) = greedy_mean(probabilities, [5, 5])
    assert path == [1, 1, 3] == greedy(probabilities, [5, 5])[0][0]
    assert score == pytest.approx((0.9 + 0.7 + 0.6) / 3)
    assert nothing == []
    assert zero == 0.0
    with pytest.raises(DataError, match="NaN"):
        greedy_mean(np.full((1, 2, 3), np.nan, np.float32), [2])


def test_metadata_of_an_onnx_file(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    graph = onnx.helper.make_graph([], "empty", [], [])
    model = onnx.helper.make_model(graph)
    onnx.helper.set_model_props(model, {"character": "a\nb\n猫", "empty": ""})
    path = tmp_path / "a.onnx"
    path.write_bytes(model.SerializeToString())
    assert onnx_metadata(path) == {"character": "a\nb\n猫", "empty": ""}
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(DataError, match="not a whole ONNX file"):
        onnx_metadata(path)
    path.write_bytes(b"\x72\x02\xff")
    with pytest.raises(DataError, match="not a whole ONNX file"):
        onnx_metadata(path)
    with pytest.raises(DataError, match="cannot be read"):
        onnx_metadata(tmp_path / "none.onnx")
