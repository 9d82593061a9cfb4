"""The small data sets: fixed, whole, attributed, and safe to write at once from several processes."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

import utils
from utils.datasets.image_classification_dataset import ImageFolder
from utils.datasets.samples import scenes, words
from utils.datasets.samples.digits import load_split, write_digits
from utils.datasets.samples.drawn import Drawn
from utils.datasets.samples.photos import SIDES, write_photos
from utils.datasets.samples.words import HELD_OUT, training_word
from utils.postprocess.labels import imagenet, imagenet_wnids
from zoo_core.errors import DataError

CONTRIB = Path(utils.__file__).parents[1]


def python(code: str, *arguments: object) -> "subprocess.Popen[bytes]":
    environ = {**os.environ, "PYTHONPATH": str(CONTRIB)}
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], env=environ)


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def digits(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "digits"
    write_digits(folder)
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "photos"
    write_photos(folder)
    return folder


def test_the_split_is_disjoint_whole_and_stratified():
    data = load_digits()
    train, held_out = load_split()
    assert sorted([*train.indices, *held_out.indices]) == list(range(1797))
    for part in (train, held_out):
        assert part.images.dtype == np.uint8
        assert part.images.shape == (len(part.labels), 8, 8)
        assert np.array_equal(part.images, np.round(data.images[part.indices] * 255 / 16))
        assert np.array_equal(part.labels, data.target[part.indices])
    shares = np.bincount(held_out.labels) / np.bincount(data.target)
    assert shares.min() > 0.19
    assert shares.max() < 0.21


def test_the_split_never_changes():
    """Weights that were trained on the one part must not meet it again as held-out data."""
    places = np.asarray(load_split()[1].indices, "<i8").tobytes()
    assert hashlib.sha256(places).hexdigest() == "1fd94c44edcb28042e3777b2d536e0eb8e296a20fc8c8e67582ccc1b59c391f1"


def test_the_digits_are_the_held_out_part_and_nothing_else(digits):
    _, held_out = load_split()
    samples = ImageFolder(digits, classes=[str(digit) for digit in range(10)])
    assert len(samples) == len(held_out.labels) == 359
    by_index = {int(sample.data.stem): sample for sample in samples}
    for image, label, index in zip(*held_out, strict=True):
        sample = by_index[int(index)]
        assert sample.truth == label
        with Image.open(sample.data) as stored:
            assert (stored.mode, stored.format) == ("L", "PNG")
            assert np.array_equal(np.asarray(stored), image)


def test_the_photographs(pictures):
    samples = ImageFolder(pictures, classes=imagenet_wnids())
    assert len(samples) == 32
    assert {imagenet()[sample.truth] for sample in samples} == {"palace", "daisy"}
    sizes = set()
    for sample in samples:
        with Image.open(sample.data) as image:
            assert (image.format, image.mode) == ("JPEG", "RGB")
            assert max(image.size) in SIDES
            sizes.add(image.size)
    assert len(sizes) > 12
    assert {"china", "flower"} == {sample.data.name.split("_")[0] for sample in samples}


def test_both_are_attributed(digits, pictures):
    text = (pictures / "ATTRIBUTION.txt").read_text(encoding="utf-8")
    for part in ("danielbuechele", "vultilion", "creativecommons.org/licenses/by/2.0", "Changed:"):
        assert part in text
    assert "Alpaydin" in (digits / "ATTRIBUTION.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("write", [write_digits, write_photos])
def test_writing_twice_gives_the_same_and_touches_nothing(write, tmp_path):
    write(tmp_path / "a")
    write(tmp_path / "b")
    assert content(tmp_path / "a") == content(tmp_path / "b")
    (tmp_path / "a" / "ATTRIBUTION.txt").write_text("mine")
    write(tmp_path / "a")
    assert (tmp_path / "a" / "ATTRIBUTION.txt").read_text() == "mine"
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


@pytest.mark.parametrize("write", [write_digits, write_photos])
def test_a_place_that_cannot_be_written(write, tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DataError, match="cannot be written"):
            write(folder)
    assert os.listdir(tmp_path) == ["file"]


def test_two_processes_at_once(digits, tmp_path):
    code = "import sys; from utils.datasets.samples.digits import write_digits; write_digits(sys.argv[1])"
    both = [python(code, tmp_path / "digits") for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert content(tmp_path / "digits") == content(digits)
    assert os.listdir(tmp_path) == ["digits"]


def test_a_process_that_is_killed_midway_leaves_no_half_filled_folder(digits, tmp_path):
    code = """
import os, signal, sys
from PIL import Image
from utils.datasets.samples.digits import write_digits
save, saved = Image.Image.save, []
def save_some(self, target):
    save(self, target)
    saved.append(target)
    if len(saved) == 100:
        os.kill(os.getpid(), signal.SIGKILL)
Image.Image.save = save_some
write_digits(sys.argv[1])
"""
    target = tmp_path / "digits"
    assert python(code, target).wait() == -9
    assert not target.exists()
    assert len(list(tmp_path.rglob("*.png"))) == 100
    write_digits(target)
    assert content(target) == content(digits)


def test_drawn_samples_are_made_when_they_are_asked_for() -> None:
    made: list[int] = []

    def draw(number: int) -> int:
        made.append(number)
        return number * number

    some = Drawn(draw, range(10))[2:8]
    assert (len(some), made) == (6, [])
    assert (some[1], list(some[3:])) == (9, [25, 36, 49])
    assert made == [3, 5, 6, 7]


def test_training_pictures_are_not_those_of_the_sample() -> None:
    assert not HELD_OUT & {training_word(np.random.RandomState(seed)) for seed in range(len(words.training_pictures()))}
    held_out = {scene.image.tobytes() for scene in scenes.held_out(20)}
    assert not held_out & {one.tobytes() for one in scenes.training_pictures()[:20]}
