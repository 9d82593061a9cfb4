"""Pictures stretched to a network's size, and the map of FastestDet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from utils.postprocess.pytorch.fastestdet import FastestDetDecoder
from utils.preprocess.fit import Fit
from utils.preprocess.pytorch.stretch import Stretch
from zoo_core.errors import DataError

FIT = Fit((200, 100), (64, 64))


def test_a_picture_is_stretched_and_scaled() -> None:
    picture = Image.new("RGB", (50, 20), (255, 128, 0))
    (array,), fit = Stretch(32, 64, blue_first=True)(picture)
    assert (array.shape, array.dtype) == ((3, 32, 64), np.float32)
    assert array[:, 5, 5] == pytest.approx([0, 128 / 255, 1])
    assert fit == Fit((50, 20), (64, 32))
    assert fit.to_original(np.array([64, 32])).tolist() == [50, 20]
    out = (np.zeros((3, 32, 64), np.float16),)
    assert Stretch(32, 64, mean=127, deviation=128)(picture, out)[0] is not None
    assert out[0][:, 0, 0] == pytest.approx([1, 1 / 128, -127 / 128], abs=1e-3)


def test_other_sizes_keep_the_proportions_of_the_input() -> None:
    wider = Stretch(240, 320).resized(640)
    assert (wider.height, wider.width) == (480, 640)
    with pytest.raises(DataError, match="multiples of 32"):
        Stretch(240, 320).resized(100)
    with pytest.raises(ValueError, match="out must be"):
        Stretch(32, 32)(Image.new("RGB", (4, 4)), (np.zeros((3, 8, 8), np.float32),))


def test_a_picture_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"a\.jpg"):
        Stretch(32, 32)(tmp_path / "a.jpg")


def detected(*cells: tuple[int, int, float, float, list[float]]) -> np.ndarray:
    """A map of 4 x 4 cells and two classes; a cell is (row, column, object, probability of class 1, raw box)."""
    made = np.zeros((1, 7, 4, 4), np.float32)
    for row, column, one, share, box in cells:
        made[0, :, row, column] = [one, *box, 1 - share, share]
    return made


def test_cells_become_boxes_of_the_picture() -> None:
    (found,) = FastestDetDecoder(2)([detected((1, 2, 0.9, 0.8, [0.0, 0.0, 0.0, -1.0]))], [FIT])
    width, height = 0.5 * 200, 100 / (1 + np.e)
    centre = (2 / 4 * 200, 1 / 4 * 100)
    want = [centre[0] - width / 2, max(centre[1] - height / 2, 0), centre[0] + width / 2, centre[1] + height / 2]
    assert found.boxes[0] == pytest.approx(want, rel=1e-5)
    assert found.scores[0] == pytest.approx(0.9**0.6 * 0.8**0.4)
    assert (found.classes.tolist(), found.size) == ([1], (200, 100))


def test_boxes_end_at_the_edge_and_the_best_of_a_class_stays() -> None:
    huge = [0.0, 0.0, 90.0, 90.0]
    (found,) = FastestDetDecoder(2)([detected((0, 0, 0.5, 0.9, huge), (0, 0, 0.5, 0.9, huge))], [FIT])
    assert found.boxes.tolist() == [[0, 0, 100, 50]]
    near = detected((1, 1, 0.5, 0.9, [0.1, 0, 0, 0]), (1, 2, 0.9, 0.9, [-0.7, 0, 0, 0]))
    (found,) = FastestDetDecoder(2)([near], [FIT])
    assert found.scores.tolist() == pytest.approx([0.9**0.6 * 0.9**0.4])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.zeros((1, 8, 4, 4)), "for 2 classes"),
        (np.zeros((2, 7, 4, 4)), "for 1 samples"),
        (np.zeros((1, 7, 16)), r"\[1, 7, H, W\]"),
        (np.full((1, 7, 4, 4), np.nan), "NaN or infinity"),
    ],
)
def test_an_output_that_does_not_fit_is_a_sentence(given: np.ndarray, said: str) -> None:
    with pytest.raises(DataError, match=said):
        FastestDetDecoder(2)([given], [FIT])
