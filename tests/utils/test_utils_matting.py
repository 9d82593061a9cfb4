"""Portrait matting: its data format, its metric, what becomes of a matte, and how it is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.datasets.mattes import Matte, Mattes
from utils.datasets.samples.portraits import COUNT, draw_portrait, write_portraits
from utils.draw.matting import draw_matte
from utils.metrics.matting import MatteError
from utils.preprocess.fit import Fit
from utils.preprocess.pytorch.segmentation import ShorterSide
from zoo.tasks.matting import PortraitMatting
from zoo_core.errors import DataError

MIDDLE = (0.5, 0.5, 0.5)


def write(root: Path, values: Any, name: str = "a", suffix: str = ".png") -> Matte:
    matte = np.asarray(values, np.uint8)
    for folder in ("image", "matte"):
        (root / folder).mkdir(exist_ok=True)
    Image.new("RGB", matte.shape[::-1]).save(root / "image" / f"{name}.jpg")
    path = root / "matte" / f"{name}{suffix}"
    Image.fromarray(matte).save(path)
    return Matte(path)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_the_layout(tmp_path: Path, suffix: str) -> None:
    write(tmp_path, np.full((4, 5), 255), suffix=suffix)
    (sample,) = Mattes(tmp_path)
    assert (sample.id, sample.data) == ("a.jpg", tmp_path / "image/a.jpg")
    assert sample.truth.array().tolist() == np.ones((4, 5)).tolist()


def test_grey_in_three_channels_is_grey(tmp_path: Path) -> None:
    truth = write(tmp_path, np.full((4, 5), 51))
    Image.open(truth.path).convert("RGB").save(truth.path)
    np.testing.assert_allclose(truth.array(), 0.2)


def test_a_matte_with_colours_is_refused(tmp_path: Path) -> None:
    truth = write(tmp_path, np.zeros((4, 5)))
    Image.new("RGB", (5, 4), "red").save(truth.path)
    with pytest.raises(DataError, match="a matte is grey"):
        truth.array()


@pytest.mark.parametrize(
    ("pixels", "told"),
    [
        pytest.param(np.full((8, 8), 30000, np.uint16), "I;16", id="16 bits"),
        pytest.param(np.full((8, 8, 2), (255, 100), np.uint8), "alpha channel", id="grey and alpha"),
        pytest.param(np.full((8, 8, 4), (255, 255, 255, 100), np.uint8), "alpha channel", id="white and alpha"),
    ],
)
def test_a_matte_that_would_be_read_as_another_is_refused(tmp_path: Path, pixels: np.ndarray, told: str) -> None:
    Image.fromarray(pixels).save(tmp_path / "a.png")
    with pytest.raises(DataError, match=told):
        Matte(tmp_path / "a.png").array()


def test_an_opaque_matte_with_an_alpha_channel_is_grey(tmp_path: Path) -> None:
    Image.fromarray(np.full((8, 8, 4), (51, 51, 51, 255), np.uint8)).save(tmp_path / "a.png")
    np.testing.assert_allclose(Matte(tmp_path / "a.png").array(), 0.2)


def test_a_missing_matte_is_named(tmp_path: Path) -> None:
    write(tmp_path, np.zeros((4, 5))).path.unlink()
    with pytest.raises(DataError, match=r"there is no a\.png or \.jpg in .*matte"):
        Mattes(tmp_path)


def test_a_matte_of_another_size_is_named(tmp_path: Path) -> None:
    write(tmp_path, np.zeros((4, 5)))
    Image.new("L", (7, 4)).save(tmp_path / "matte/a.png")
    with pytest.raises(DataError, match="7 x 4 pixels, and its picture has 5 x 4"):
        Mattes(tmp_path)


def test_a_damaged_matte_is_named(tmp_path: Path) -> None:
    write(tmp_path, np.zeros((4, 5))).path.write_bytes(b"text")
    with pytest.raises(DataError, match=r"a\.png"):
        Mattes(tmp_path)


def test_the_figures_are_those_of_the_definition(tmp_path: Path) -> None:
    truth = write(tmp_path, [[0, 255], [255, 51]])
    metric = MatteError()
    metric.update([np.array([[0.5, 1.0], [0.0, 0.2]])], [truth])
    assert metric.compute() == {
        "mad": pytest.approx((0.5 + 1) / 4),
        "mse": pytest.approx((0.25 + 1) / 4),
        "sad": pytest.approx(1.5 / 1000),
    }


def test_counts_are_joined_and_a_wrong_size_counts_nothing(tmp_path: Path) -> None:
    truth = write(tmp_path, np.zeros((2, 2)))
    one, other = MatteError(), MatteError()
    with pytest.raises(DataError, match=r"\[3, 3\] were predicted"):
        one.update([np.ones((2, 2)), np.ones((3, 3))], [truth, truth])
    with pytest.raises(DataError, match="no picture was counted"):
        one.compute()
    one.update([np.ones((2, 2))], [truth])
    other.update([np.zeros((2, 2))], [truth])
    one.merge(other.state())
    assert one.compute()["mad"] == 0.5


def test_sides_are_rounded_down_to_multiples() -> None:
    (array,), fit = ShorterSide(64, MIDDLE, MIDDLE, 32)(Image.new("RGB", (150, 100)))
    assert array.shape == (3, 64, 96)
    assert fit == Fit((150, 100), (96, 64))


@pytest.mark.parametrize("size", [(1, 60_000), (60_000, 1)])
def test_a_picture_that_would_become_huge_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(DataError, match="too narrow: with its shorter side at 512"):
        ShorterSide(512, MIDDLE, MIDDLE)(Image.new("RGB", size))


def test_a_matte_has_the_pictures_size_and_stays_within_0_and_1() -> None:
    task = PortraitMatting(ShorterSide(64, MIDDLE, MIDDLE, 32))
    plane = np.full((1, 1, 64, 96), 1.5, np.float32)
    (found,) = task.postprocess([plane], [Fit((150, 100), (96, 64))])
    assert found.shape == (100, 150)
    assert found.min() == found.max() == 1
    assert task.describe(found, 1) == "kept 100.0% of the picture; partly kept pixels 0.0%"
    with pytest.raises(DataError, match="NaN or infinity"):
        task.postprocess([plane * np.nan], [Fit((150, 100), (96, 64))])


def test_what_is_not_kept_is_drawn_as_chequered_ground() -> None:
    drawn = draw_matte(Image.new("RGB", (48, 24), "red"), np.repeat([[1.0] * 24 + [0.0] * 24], 24, 0))
    right = np.asarray(drawn)[:, -48:]
    assert (right[:, :24] == (255, 0, 0)).all()
    assert set(right[:, 24:].ravel().tolist()) == {190, 235}


def test_portraits_are_drawn_the_same_each_time(tmp_path: Path) -> None:
    picture, matte = draw_portrait(1)
    assert np.array_equal(picture, draw_portrait(1)[0])
    assert (matte.min(), matte.max()) == (0, 1)
    write_portraits(tmp_path / "portraits")
    samples = Mattes(tmp_path / "portraits")
    assert len(samples) == COUNT
    np.testing.assert_allclose(samples[1].truth.array(), matte, atol=0.003)
