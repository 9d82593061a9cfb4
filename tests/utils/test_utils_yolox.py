"""YOLOX's preprocessing and decoding: equal to the published definitions, written out with OpenCV and loops."""

import math

import numpy as np
import pytest
from PIL import Image

from utils.postprocess.pytorch.detection import YoloxDecoder, decode, grid
from utils.preprocess.image import upright
from utils.preprocess.pytorch.detection import Letterbox, Placed, letterbox
from zoo_core.errors import DataError

cv2 = pytest.importorskip("cv2")

ORIENTATION = 0x0112


def published(image: np.ndarray, side: int) -> tuple[np.ndarray, float]:
    """YOLOX's letterbox: grey 114, the picture scaled by the smaller ratio, in the top left corner; BGR, 0 to 255."""
    padded = np.ones((side, side, 3), dtype=np.uint8) * 114
    ratio = min(side / image.shape[0], side / image.shape[1])
    size = (int(image.shape[1] * ratio), int(image.shape[0] * ratio))
    scaled = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    padded[: size[1], : size[0]] = scaled
    return np.ascontiguousarray(padded.transpose(2, 0, 1), dtype=np.float32), ratio


@pytest.mark.parametrize("size", [(640, 427), (427, 640), (33, 500), (416, 416), (20, 10)])
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_letterbox_is_the_published_one(photos, tmp_path, size, suffix):
    path = tmp_path / f"photo.{suffix}"
    photos["china"].resize(size).save(path)
    want, ratio = published(cv2.imread(str(path)), 416)
    (array,), placed = Letterbox(416)(path)
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, want)
    assert placed == Placed(ratio, size, (416, 416))


@pytest.mark.parametrize("size", [(640, 427), (427, 640)])
def test_a_rectangle(photos, size):
    """The picture fits into both sides, and lies in the upper left corner."""
    pixels = np.asarray(photos["china"].resize(size))[:, :, ::-1]
    (array,), placed = Letterbox(320, 640)(photos["china"].resize(size))
    scale = min(320 / size[1], 640 / size[0])
    inner = (int(size[0] * scale), int(size[1] * scale))
    assert placed == Placed(scale, size, (320, 640))
    scaled = cv2.resize(np.ascontiguousarray(pixels), inner, interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(array[:, : inner[1], : inner[0]], scaled.transpose(2, 0, 1))
    assert (array[:, inner[1] :] == 114).all()
    assert (array[:, :, inner[0] :] == 114).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photo_is_read_as_opencv_does(photos, tmp_path, orientation):
    path, exif = tmp_path / "phone.jpg", Image.Exif()
    exif[ORIENTATION] = orientation
    photos["flower"].save(path, exif=exif)
    np.testing.assert_array_equal(np.asarray(upright(path))[:, :, ::-1], cv2.imread(str(path)))


def test_it_writes_to_what_it_is_given(photos):
    (want,), _ = Letterbox(64)(photos["china"])
    for dtype in (np.float32, np.float16):
        out = np.empty((3, 64, 64), dtype)
        (got,), _ = Letterbox(64)(photos["china"], (out,))
        assert got is out
        np.testing.assert_array_equal(out, want)
    with pytest.raises(ValueError, match=r"\[3, 64, 64\]"):
        Letterbox(64)(photos["china"], (np.empty((3, 32, 32), np.float32),))


def test_sizes_that_do_not_work():
    for size in (0, 100, 16):
        with pytest.raises(DataError, match="multiples of 32"):
            Letterbox(416).resized(size)
    assert Letterbox(416).resized(64).shape == (3, 64, 64)
    with pytest.raises(DataError, match="too narrow"):
        letterbox(np.zeros((1, 5000, 3), np.uint8), 64, 64)


def rows(height: int, width: int, classes: int) -> np.ndarray:
    """Cells that hold nothing: [cells, 5 + classes]."""
    cells = sum((height // stride) * (width // stride) for stride in (8, 16, 32))
    return np.zeros((cells, 5 + classes), np.float32)


def test_decoding_is_the_published_formula():
    height, width = 64, 96
    raw = np.random.default_rng(0).normal(0, 0.5, rows(height, width, 0).shape)[:, :4].astype(np.float32)
    got, place = decode(raw, *grid(height, width)), 0
    for stride in (8, 16, 32):
        for row in range(height // stride):
            for column in range(width // stride):
                x, y = (raw[place, 0] + column) * stride, (raw[place, 1] + row) * stride
                w, h = math.exp(raw[place, 2]) * stride, math.exp(raw[place, 3]) * stride
                want = [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
                np.testing.assert_allclose(got[place], want, rtol=1e-5, atol=1e-4)
                place += 1
    assert place == len(got)


def test_a_cell_becomes_a_box_in_the_pictures_own_pixels():
    cells = rows(64, 64, 3)
    cell = 8 * 2 + 5  # stride 8, row 2, column 5
    cells[cell] = [0.5, 0.25, math.log(2), math.log(4), 0.9, 0.1, 0.8, 0.2]
    cells[cell + 1] = [-0.5, 0.25, math.log(2), math.log(4), 0.5, 0.1, 0.8, 0.2]  # the same box, less sure
    cells[cell + 2] = [-1.5, 0.25, math.log(2), math.log(4), 0.5, 0.8, 0.1, 0.2]  # the same box, another class
    (found,) = YoloxDecoder(3)([cells[None].astype(np.float16)], [Placed(0.5, (128, 100), (64, 64))])
    assert found.classes.tolist() == [1, 0]
    np.testing.assert_allclose(found.scores, [0.72, 0.4], rtol=2e-3)
    np.testing.assert_allclose(found.boxes, [[72, 4, 104, 68]] * 2, atol=0.2)
    assert found.size == (128, 100)
    assert found.boxes.dtype == found.scores.dtype == np.float32
    assert found.above(0.5).classes.tolist() == [1]


def test_a_size_without_bounds_becomes_a_large_one():
    cells = rows(64, 64, 1)
    cells[0] = [0.5, 0.5, 1000, 89, 0.9, 1]  # exp of either is infinite in float32
    cells[1] = [0.5, 0.5, 10, 10, 0.8, 1]
    (found,) = YoloxDecoder(1)([cells[None]], [Placed(0.5, (128, 128), (64, 64))])
    assert np.isfinite(found.boxes).all()
    assert len(found.boxes) == 1, "the second box is as large, so that the first one suppresses it"


def test_at_most_so_many_and_nothing_below_the_score():
    cells = rows(64, 64, 1)
    cells[:64, 4], cells[:64, 5] = 1, np.linspace(0.005, 0.9, 64)
    cells[:, 2:4] = -1
    (found,) = YoloxDecoder(1, most=10)([cells[None]], [Placed(1, (64, 64), (64, 64))])
    assert len(found.scores) == 10
    np.testing.assert_allclose(found.scores, np.linspace(0.9, 0.005, 64)[:10], rtol=1e-5)
    (found,) = YoloxDecoder(1)([cells[None]], [Placed(1, (64, 64), (64, 64))])
    assert len(found.scores) == 63
    assert len(YoloxDecoder(1)([rows(64, 64, 1)[None]], [Placed(1, (64, 64), (64, 64))])[0].boxes) == 0


def test_outputs_that_do_not_fit():
    meta, decoder = Placed(1, (64, 64), (64, 64)), YoloxDecoder(3)
    good = rows(64, 64, 3)[None]
    with pytest.raises(DataError, match=r"another variant"):
        decoder([rows(64, 64, 80)[None]], [meta])
    with pytest.raises(DataError, match="1 rows for 2 samples"):
        decoder([good], [meta, meta])
    with pytest.raises(DataError, match="has 336"):
        decoder([good], [Placed(1, (64, 64), (128, 128))])
    with pytest.raises(DataError, match="NaN"):
        decoder([np.full_like(good, np.nan)], [meta])
