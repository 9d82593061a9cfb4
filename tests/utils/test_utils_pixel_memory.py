"""Pixels read in Pillow's own memory are those that numpy's copy holds, and stay as long as they are used."""

from __future__ import annotations

import gc
import resource
from pathlib import Path

import numpy as np
import PIL
import pytest
from PIL import Image

from utils.preprocess.image import load_rgb
from utils.preprocess.pixel_memory import words

LARGE = (2300, 2000)  # above 16 MiB, which Pillow keeps in several pieces


def _picture(size: tuple[int, int]) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8))


def _seen(image: Image.Image) -> np.ndarray:
    return words(image).view(np.uint8).reshape(image.height, image.width, 4)[:, :, :3]


@pytest.mark.parametrize("size", [(1, 1), (7, 3), (500, 375), LARGE])
def test_they_are_the_pixels(size: tuple[int, int]) -> None:
    image = _picture(size)
    np.testing.assert_array_equal(_seen(image), np.asarray(image))
    assert not words(image).flags.writeable


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp", "ppm", "webp", "tiff"])
def test_of_a_file_too(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture.{suffix}"
    _picture((61, 43)).save(path)
    image = load_rgb(path)
    for seen in (image, image.crop((5, -3, 40, 50)), image.transpose(Image.Transpose.ROTATE_90), image.resize((9, 80))):
        np.testing.assert_array_equal(_seen(seen), np.asarray(seen))


def test_nothing_is_copied_where_pillow_tells_the_place() -> None:
    image = _picture((500, 375))
    if tuple(int(part) for part in PIL.__version__.split(".")[:2]) < (11, 3):
        pytest.skip("this Pillow does not tell where its memory is, or never frees it then")
    before = words(image)
    assert before.ctypes.data == words(image).ctypes.data
    image.putpixel((3, 2), (1, 2, 3))
    assert before.view(np.uint8)[2, 12:15].tolist() == [1, 2, 3]


def test_they_stay_where_the_picture_goes() -> None:
    image = _picture((500, 375))
    wanted, found = np.asarray(image), words(image)
    del image
    gc.collect()
    others = [_picture((500, 375)).transpose(Image.Transpose.ROTATE_180) for _ in range(8)]
    np.testing.assert_array_equal(found.view(np.uint8).reshape(375, 500, 4)[:, :, :3], wanted)
    assert others


def test_the_memory_goes_with_the_last_array() -> None:
    image = _picture((1000, 1000))
    for number in range(400):
        words(image.copy())
        if number == 20:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024  # KiB; each picture has 3,906


def test_rows_that_pillow_aligns_are_copied() -> None:
    if Image.core.get_alignment() != 1:
        pytest.skip("PILLOW_ALIGNMENT is set")
    try:
        Image.core.set_alignment(64)
        image = _picture((61, 43))
        np.testing.assert_array_equal(_seen(image), np.asarray(image))
    finally:
        Image.core.set_alignment(1)


def test_a_pillow_that_does_not_tell_is_asked_for_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PIL, "__version__", "11.2.1")
    image = _picture((61, 43))
    np.testing.assert_array_equal(_seen(image), np.asarray(image))


def test_other_modes_are_refused() -> None:
    with pytest.raises(ValueError, match="mode RGB is expected, got L"):
        words(Image.new("L", (4, 4)))
