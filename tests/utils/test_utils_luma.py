"""Luma and colour apart and together again, and networks that see the luma only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.preprocess.luma import to_rgb, to_ycbcr
from zoo.tasks.image_to_image import ImageToImage
from zoo_core.errors import DataError


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, 5, 3)).astype(np.float32)


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ((0, 0, 0), (16, 128, 128)),
        ((255, 255, 255), (235, 128, 128)),
        ((255, 0, 0), (81.481, 90.203, 240)),
        ((0, 255, 0), (144.553, 53.797, 34.214)),
        ((0, 0, 255), (40.966, 240, 109.786)),
    ],
)
def test_known_colours(colour: tuple[int, ...], expected: tuple[float, ...]) -> None:
    """Corners of the cube, as BT.601's table has them."""
    planes = to_ycbcr(np.array([[colour]], np.float32))
    np.testing.assert_allclose(planes[:, 0, 0], expected, atol=1e-3)


def test_there_and_back(pixels: np.ndarray) -> None:
    np.testing.assert_allclose(to_rgb(to_ycbcr(pixels)), pixels, atol=1e-3)


def test_a_network_that_changes_nothing_gives_the_picture_back(pixels: np.ndarray) -> None:
    task = ImageToImage(luma=True)
    picture = Image.fromarray(pixels.astype(np.uint8))
    (seen,), colour = task.preprocess(picture)
    assert seen.shape == (1, 6, 5)
    (given,) = task.postprocess([seen[None]], [colour])
    np.testing.assert_array_equal(given, pixels.astype(np.uint8))


def test_colours_are_enlarged_with_the_luma() -> None:
    task = ImageToImage(luma=True, scale=2)
    (seen,), colour = task.preprocess(Image.new("RGB", (5, 6), (200, 30, 60)))
    (given,) = task.postprocess([seen[None].repeat(2, 2).repeat(2, 3)], [colour])
    assert given.shape == (12, 10, 3)
    assert np.abs(given.astype(int) - (200, 30, 60)).max() <= 1


def test_every_picture_of_a_batch_gets_its_own_colours() -> None:
    task = ImageToImage(luma=True)
    seen: Any = [task.preprocess(Image.new("RGB", (4, 4), colour)) for colour in ("red", "blue")]
    given = task.postprocess([np.stack([planes[0] for planes, _ in seen])], [colour for _, colour in seen])
    assert [tuple(one[0, 0]) for one in given] == [(255, 0, 0), (0, 0, 255)]


def test_what_is_no_number_is_told() -> None:
    task = ImageToImage(luma=True)
    (seen,), colour = task.preprocess(Image.new("RGB", (4, 4)))
    with pytest.raises(DataError, match="NaN or infinity"):
        task.postprocess([np.full_like(seen[None], np.nan)], [colour])


def test_the_drawn_picture_has_colours() -> None:
    task = ImageToImage(luma=True)
    picture = Image.new("RGB", (4, 4), "red")
    (seen,), colour = task.preprocess(picture)
    drawn = task.draw(picture, task.postprocess([seen[None]], [colour])[0])
    assert drawn.getpixel((0, 0)) == drawn.getpixel((drawn.width - 1, 0)) == (255, 0, 0)
