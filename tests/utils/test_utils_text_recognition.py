"""Preprocessing, metric and drawing of word readers."""

import math
from collections import namedtuple
from pathlib import Path

import jiwer
import numpy as np
import pytest
from PIL import Image

from utils.draw.ocr import draw_word
from utils.metrics.text_recognition import WordAccuracy
from utils.preprocess.pytorch.text_recognition import (
    MIN_WIDTH,
    EasyOcrTransform,
    StretchedWord,
    WordTransform,
)
from zoo_core.errors import DataError

Read = namedtuple("Read", "text")
ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


def picture(width: int, height: int) -> Image.Image:
    random = np.random.RandomState(width)
    return Image.fromarray(random.randint(0, 256, (height, width, 3)).astype(np.uint8))


@pytest.mark.parametrize(("width", "height"), [(100, 32), (99, 31), (33, 47), (250, 20), (1000, 30), (3, 90)])
def test_equal_to_the_published_definition(width: int, height: int) -> None:
    """deep-text-recognition-benchmark: AlignCollate with keep_ratio_with_pad, without its filling."""
    from torchvision.transforms.functional import to_tensor

    image = picture(width, height)
    array, found = WordTransform(32, 320)(image)
    expected_width = max(min(math.ceil(32 * (width / float(height))), 320), MIN_WIDTH)
    resized = image.convert("L").resize((expected_width, 32), Image.Resampling.BICUBIC)
    expected = to_tensor(resized).sub_(0.5).div_(0.5).numpy()
    assert found == expected_width
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize(("width", "height"), [(100, 32), (99, 31), (64, 64), (250, 20), (33, 47), (3, 90)])
def test_easyocrs_definition_step_by_step(width: int, height: int) -> None:
    """A word is as wide as its ratio of sides, rounded up, times 64; its last column fills it up."""
    import cv2

    image = picture(width, height)
    array, found = EasyOcrTransform(64, 2048)(image)
    ratio = max(width, height) / min(width, height)
    grey = cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2GRAY)
    size = (int(64 * ratio), 64) if width >= height else (64, int(64 * ratio))
    scaled = Image.fromarray(cv2.resize(grey, size, interpolation=cv2.INTER_LINEAR))
    own = math.ceil(64 * scaled.width / scaled.height)
    expected = np.asarray(scaled.resize((own, 64), Image.Resampling.BICUBIC), np.float32) / 255
    assert found == array.shape[2] == 64 * math.ceil(ratio) == EasyOcrTransform(64, 2048).length(image)
    np.testing.assert_array_equal(array[0, :, :own], (expected - 0.5) / 0.5)
    assert (array[0, :, own:] == array[0, :, own - 1 : own]).all()


@pytest.mark.parametrize("size", [(100, 32), (33, 47), (900, 20)])
def test_a_stretched_word_is_that_of_the_published_definition(size: tuple[int, int]) -> None:
    """deep-text-recognition-benchmark: ResizeNormalize, as it is without keep_ratio_with_pad."""
    from torchvision.transforms.functional import to_tensor

    image = picture(*size)
    array, found = StretchedWord()(image)
    resized = image.convert("L").resize((100, 32), Image.Resampling.BICUBIC)
    assert found == StretchedWord().length(image) == 100
    np.testing.assert_array_equal(array, to_tensor(resized).sub_(0.5).div_(0.5).numpy())


def test_a_stretched_word_in_colour_is_normalised_by_channel() -> None:
    transform = StretchedWord(64, 160, (0.5, 0.25, 0.0), (1.0, 0.5, 2.0), smooth=True)
    array, _ = transform(Image.new("RGB", (20, 10), (255, 0, 51)))
    assert array.shape == (3, 64, 160)
    np.testing.assert_allclose(array[:, 5, 5], [0.5, -0.5, 0.1], atol=1e-6)
    assert transform.limited(160) == transform
    with pytest.raises(DataError, match="input size 100: this network takes 64 x 160"):
        transform.limited(100)


def test_a_very_long_word_is_squeezed_to_the_largest_width() -> None:
    array, found = EasyOcrTransform(64, 128)(picture(900, 20))
    assert array.shape == (1, 64, 128)
    assert found == 128


def test_length_reads_the_header_only(tmp_path: Path) -> None:
    path = tmp_path / "word.png"
    picture(300, 40).save(path)
    path.write_bytes(path.read_bytes()[:60])  # the header, and next to nothing of the pixels
    assert WordTransform().length(path) == 240
    assert WordTransform().length(path.read_bytes()) == 240
    assert WordTransform().length(picture(300, 40)) == 240
    with pytest.raises(DataError, match="damaged"):
        WordTransform()(path)
    with pytest.raises(DataError, match="no such file"):
        WordTransform().length(tmp_path / "missing.png")
    with pytest.raises(DataError, match="at least"):
        WordTransform().limited(2)


def test_metric_against_jiwer_and_by_hand() -> None:
    truths, said = ["Harbour", "it's", "42", "zoo"], ["harbour", "its", "4", ""]
    metric = WordAccuracy(ALPHABET)
    metric.update([Read(text) for text in said[:2]], truths[:2])
    other = WordAccuracy(ALPHABET)
    other.update([Read(text) for text in said[2:]], truths[2:])
    metric.merge(other.state())
    # "its" is right, because the alphabet has no apostrophe; 1 + 3 letters of 7 + 3 + 2 + 3 are missing
    assert metric.compute() == {"word_accuracy": 0.5, "cer": pytest.approx(4 / 15)}
    assert metric.compute()["cer"] == pytest.approx(jiwer.cer(["harbour", "its", "42", "zoo"], said))
    assert metric.infos[0].name == "word_accuracy"


def test_metric_refuses_what_it_cannot_count() -> None:
    metric = WordAccuracy(ALPHABET)
    with pytest.raises(DataError, match="no word was counted"):
        metric.compute()
    with pytest.raises(DataError, match="no character"):
        metric.update([Read("a")], ["…"])
    with pytest.raises(DataError, match="as many"):
        metric.update([Read("a")], [])
    with pytest.raises(DataError, match="not the counts"):
        metric.merge({"words": 1})
    assert metric.state()["words"] == 0


@pytest.mark.parametrize(("size", "text"), [((120, 30), "harbour"), ((2, 90), ""), ((900, 20), "w" * 60)])
def test_the_drawing_holds_picture_and_word(size: tuple[int, int], text: str) -> None:
    drawn = draw_word(picture(*size), text, 0.5)
    assert drawn.mode == "RGB"
    assert drawn.width == 512
    assert drawn.height < 700
