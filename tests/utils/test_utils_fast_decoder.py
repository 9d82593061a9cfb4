"""The fast decoder: near the reference, equal where nothing can be saved, and never mistaken for it."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from utils.preprocess.image import load_scaled
from utils.preprocess.paddle.classification import IMAGENET as PADDLE
from utils.preprocess.pytorch import classification
from utils.preprocess.pytorch.classification import IMAGENET, ClassificationTransform

# In units of the normalised input: what one step of 256 makes.
STEP = 1 / 255 / min(IMAGENET.std)


def jpeg(image: Image.Image, size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(file, "JPEG", quality=95)
    return file.getvalue()


def both(transform: ClassificationTransform, data: bytes) -> tuple[np.ndarray, np.ndarray]:
    fast = replace(transform, decoder="fast")
    (one,), size = transform(data)
    (other,), fast_size = fast(data)
    assert size == fast_size
    return one, other


@pytest.mark.parametrize("transform", [IMAGENET, PADDLE, replace(IMAGENET, interpolation="bicubic")])
@pytest.mark.parametrize("size", [(500, 375), (375, 500), (480, 480), (333, 300), (301, 257)])
def test_it_differs_by_one_step_at_most_where_jpegs_are_decoded_whole(photos, transform, size, monkeypatch) -> None:
    """And not at all where numba is installed, whose kernel computes the crop alone without rounding its edges."""
    monkeypatch.setattr(classification, "installed", lambda: True)
    one, other = both(transform, jpeg(photos["china"], size))
    assert np.array_equal(one, other)
    monkeypatch.setattr(classification, "installed", lambda: False)
    for photo in photos.values():
        one, other = both(transform, jpeg(photo, size))
        assert np.abs(one - other).max() <= STEP * 1.01
        assert (one != other).mean() < 0.01


@pytest.mark.parametrize("size", [(256, 256), (256, 400)])
def test_it_is_equal_where_there_is_nothing_to_save(photos, size) -> None:
    one, other = both(IMAGENET, jpeg(photos["china"], size))
    assert np.array_equal(one, other)


def test_a_crop_larger_than_the_image_is_padded_as_in_the_reference(photos) -> None:
    transform = replace(IMAGENET, resize=100, crop=160)
    one, other = both(transform, jpeg(photos["flower"], (150, 130)))
    assert np.array_equal(one, other)


def test_large_jpegs_are_decoded_at_a_smaller_scale_and_stay_similar(photos) -> None:
    data = jpeg(photos["china"], (1600, 1200))
    image, original = load_scaled(data, 256)
    assert (image.size, original) == ((400, 300), (1600, 1200))
    one, other = both(IMAGENET, data)
    assert 0 < np.abs(one - other).mean() < 0.1


def test_the_two_have_different_identities() -> None:
    fast = replace(IMAGENET, decoder="fast")
    assert IMAGENET.source_identity() != fast.source_identity()
    assert "Pillow" in fast.source_identity()
    assert "bilinear" in fast.source_identity()


def test_what_computes_the_crop_is_part_of_the_identity(monkeypatch) -> None:
    fast, found = replace(IMAGENET, decoder="fast"), set()
    for there in (True, False):
        monkeypatch.setattr(classification, "installed", lambda there=there: there)
        found.add(fast.source_identity())
        assert IMAGENET.source_identity() not in found
    assert len(found) == 2


def test_the_fast_one_stays_fast_at_another_size() -> None:
    fast = replace(IMAGENET, decoder="fast")
    assert fast.resized(299).decoder == "fast"
