"""The two formats of word data sets, on miniatures in exactly these formats, and the rendered sample."""

from pathlib import Path

import pytest
from PIL import Image

from utils.datasets.ocr_words import LmdbImage, LmdbWords, read_words
from utils.datasets.samples import words
from zoo_core.errors import DataError


@pytest.fixture
def images(tmp_path: Path) -> Path:
    (tmp_path / "pictures").mkdir()
    for number in range(3):
        Image.new("RGB", (40 + number, 20), (0, 80 * number, 0)).save(tmp_path / f"pictures/{number}.png")
    return tmp_path


def database(folder: Path, images: Path, labels: list[str]) -> Path:
    """What deep-text-recognition-benchmark's create_lmdb_dataset.py leaves behind."""
    lmdb = pytest.importorskip("lmdb")
    with lmdb.open(str(folder), map_size=1 << 22) as environment, environment.begin(write=True) as transaction:
        for number, label in enumerate(labels, start=1):
            content = (images / f"pictures/{number - 1}.png").read_bytes()
            transaction.put(f"image-{number:09d}".encode(), content)
            transaction.put(f"label-{number:09d}".encode(), label.encode())
        transaction.put(b"num-samples", str(len(labels)).encode())
    return folder


def test_a_list_with_tabs_or_spaces_and_a_byte_order_mark(images: Path) -> None:
    (images / "gt.txt").write_text(
        "\ufeffpictures/0.png\tNew York\npictures/1.png word\n\npictures/2.png\té,1\n", "utf-8"
    )
    samples = read_words(images)
    assert [(sample.id, sample.truth) for sample in samples] == [
        ("pictures/0.png", "New York"),
        ("pictures/1.png", "word"),
        ("pictures/2.png", "é,1"),
    ]
    assert samples[1].data == images / "pictures/1.png"
    assert len(read_words(images / "gt.txt")) == 3


@pytest.mark.parametrize("inside", ["\u2028", "\x85", "\x0b", "\x1c"])
def test_only_a_line_feed_ends_a_line(images: Path, inside: str) -> None:
    (images / "gt.txt").write_bytes(f"pictures/0.png\tone{inside}two\r\npictures/1.png\tthree\n".encode())
    assert [sample.truth for sample in read_words(images)] == [f"one{inside}two", "three"]


def test_an_lmdb(images: Path) -> None:
    samples = read_words(database(images / "db", images, ["one", "Zwei", "3"]))
    assert isinstance(samples, LmdbWords)
    assert [sample.truth for sample in samples] == ["one", "Zwei", "3"]
    assert [sample.id for sample in samples[1:]] == ["000000002", "000000003"]
    assert isinstance(samples[1::2], LmdbWords)
    assert [sample.truth for sample in samples[::2]] == ["one", "3"]
    assert isinstance(samples[2].data, LmdbImage)
    assert samples[2].data.read() == (images / "pictures/2.png").read_bytes()


def test_a_damaged_lmdb_is_named(images: Path) -> None:
    lmdb = pytest.importorskip("lmdb")
    folder = database(images / "short", images, ["one", "two"])
    with lmdb.open(str(folder)) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"num-samples", b"3")
    with pytest.raises(DataError, match=r"short.*label-000000003"):
        read_words(folder)[2]
    empty = images / "empty"
    with lmdb.open(str(empty), map_size=1 << 20) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"other", b"1")
    with pytest.raises(DataError, match="num-samples"):
        read_words(empty)
    (images / "bad").mkdir()
    (images / "bad/data.mdb").write_bytes(b"not a database")
    with pytest.raises(DataError, match="not a whole LMDB database: it does not begin as one"):
        read_words(images / "bad")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"pictures/0.png\tword\npictures/1.png\n", r"line 2: 'path<TAB>word' is expected"),
        (b"pictures/0.png\t\n", r"line 1"),
        (b"\n", "names no word"),
        (b"pictures/0.png\t\xff\xfe\n", "not UTF-8"),
    ],
)
def test_a_broken_list_is_named(images: Path, content: bytes, message: str) -> None:
    (images / "gt.txt").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_words(images)


def test_a_folder_of_neither_kind(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data\.mdb"):
        read_words(tmp_path)
    with pytest.raises(DataError, match="no such folder"):
        read_words(tmp_path / "missing")


def test_training_never_sees_the_sample() -> None:
    import numpy as np

    random = np.random.RandomState(0)
    seen = {words.training_word(random) for _ in range(3000)}
    assert len(seen) > 2000
    assert not seen & set(words.held_out())
    assert all(word.isascii() and word.islower() for word in words.ENGLISH)
    assert len(set(words.ENGLISH)) == len(words.ENGLISH)


def test_the_sample_is_the_same_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "held_out", lambda: ("amber", "42", "window"))
    for name in ("one", "two"):
        words.write_words(tmp_path / name)
    samples = read_words(tmp_path / "one")
    assert [sample.truth.lower() for sample in samples] == ["amber", "42", "window"]
    for sample in samples:
        assert sample.data.read_bytes() == (tmp_path / "two" / sample.id).read_bytes()
        with Image.open(sample.data) as image:
            assert image.mode == "RGB"
            assert 15 < image.height < 120
