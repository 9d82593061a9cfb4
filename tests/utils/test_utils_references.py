"""Public data sets as they are published, whole and damaged, become the format of a task."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from utils.datasets.references import imagenet, keywords, mnist, stsb
from utils.datasets.references.pairs import arrange_pairs, arrange_true
from utils.datasets.restoration import RestorationPairs
from utils.datasets.speech_commands import SpeechCommands
from zoo_core.errors import DataError

IMAGES, LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"


def idx(values: np.ndarray) -> bytes:
    return b"\0\0\x08" + struct.pack(f">B{values.ndim}I", values.ndim, *values.shape) + values.tobytes()


def digits(folder: Path, count: int = 4, labels: int | None = None) -> np.ndarray:
    pixels = np.random.default_rng(0).integers(0, 256, (count, 28, 28), dtype=np.uint8)
    (folder / IMAGES).write_bytes(gzip.compress(idx(pixels)))
    (folder / LABELS).write_bytes(gzip.compress(idx(np.arange(labels or count, dtype=np.uint8) % 3)))
    return pixels


def test_idx_files_become_a_folder_a_digit(tmp_path: Path) -> None:
    pixels = digits(tmp_path)
    made = tmp_path / "made"
    made.mkdir()
    mnist.arrange(tmp_path, made)
    names = sorted(path.relative_to(made).as_posix() for path in made.rglob("*.png"))
    assert names == ["0/00000.png", "0/00003.png", "1/00001.png", "2/00002.png"]
    assert np.array_equal(np.asarray(Image.open(made / "0/00003.png")), pixels[3])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no gzip at all", "not a whole gzip"),
        (gzip.compress(idx(np.zeros((2, 3), np.uint8)))[:-9], "not a whole gzip"),
        (gzip.compress(b"\0\0"), "not an IDX"),
        (gzip.compress(b"\0\0\x0d\x01" + bytes(8)), "not an IDX"),
        (gzip.compress(b"\0\0\x08\x03" + bytes(4)), "not an IDX"),
        (gzip.compress(idx(np.zeros((2, 3), np.uint8)) + b"more"), "holds 10"),
        (gzip.compress(idx(np.zeros((2, 3), np.uint8))[:-1]), "holds 5"),
        (gzip.compress(b"\0\0\x08\x03" + b"\xff" * 12 + b"x"), "holds 1"),
    ],
)
def test_a_damaged_idx_file_is_a_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.gz").write_bytes(content)
    with pytest.raises(DataError, match=said):
        mnist.read_idx(tmp_path / "a.gz")


def test_as_many_labels_as_images(tmp_path: Path) -> None:
    digits(tmp_path, 4, 5)
    with pytest.raises(DataError, match="do not fit together"):
        mnist.arrange(tmp_path, tmp_path)


def test_sentence_pairs_become_a_table(tmp_path: Path) -> None:
    (tmp_path / "stsb-en-test.csv").write_text('"a, b",c,2.5\n"say ""x""",d,5.0\n', encoding="utf-8")
    stsb.arrange(tmp_path, tmp_path)
    assert (tmp_path / "dev.tsv").read_text(encoding="utf-8").splitlines()[1:] == [
        "1\ta, b\tc\t2.5",
        '2\tsay "x"\td\t5.0',
    ]


@pytest.mark.parametrize("row", ["a,b\n", "a,b,c,1\n", '"a\tb",c,1\n'])
def test_a_row_of_another_kind_is_a_sentence(tmp_path: Path, row: str) -> None:
    (tmp_path / "stsb-en-test.csv").write_text(f"a,b,1\n{row}", encoding="utf-8")
    with pytest.raises(DataError, match="line 2"):
        stsb.arrange(tmp_path, tmp_path)
    assert not (tmp_path / "dev.tsv").exists()


def test_names_with_the_scale_become_pairs(tmp_path: Path) -> None:
    files = tmp_path / "files"
    for name in ("HR/baby.bmp", "LR/babyx2.bmp"):
        (files / name).parent.mkdir(parents=True)
        Image.new("RGB", (12, 12)).save(files / name)
    (tmp_path / "pairs").mkdir()
    arrange_pairs(files, tmp_path / "pairs")
    assert [one.data.name for one in RestorationPairs(tmp_path / "pairs")] == ["baby.bmp"]
    (tmp_path / "true").mkdir()
    arrange_true(files / "HR", tmp_path / "true")
    assert [one.id for one in RestorationPairs(tmp_path / "true", 25.0)] == ["baby.bmp"]


def test_recordings_of_words_become_speech_commands(tmp_path: Path) -> None:
    made = tmp_path / "made"
    (tmp_path / "files").mkdir()
    made.mkdir()
    for name in ("yes", "house", "none", "silence"):
        (tmp_path / "files" / f"{name}.wav").write_bytes(name.encode())
    keywords.arrange(tmp_path / "files", made, ("yes", "no"))
    samples = SpeechCommands(made, ("yes", "no"))
    assert [(sample.id, sample.truth) for sample in samples] == [
        ("_silence_/none_nohash_0.wav", 0),
        ("_silence_/silence_nohash_0.wav", 0),
        ("_unknown_/house_nohash_0.wav", 1),
        ("yes/yes_nohash_0.wav", 2),
    ]


def test_sample_images_become_a_folder_a_class(tmp_path: Path) -> None:
    for name in ("n01440764_tench.JPEG", "n01514859_hen_bird.JPEG"):
        (tmp_path / "files").mkdir(exist_ok=True)
        (tmp_path / "files" / name).write_bytes(b"a")
    made = tmp_path / "made"
    made.mkdir()
    imagenet.arrange(tmp_path / "files", made)
    names = sorted(path.relative_to(made).as_posix() for path in made.rglob("*.JPEG"))
    assert names == ["n01440764/tench.JPEG", "n01514859/hen_bird.JPEG"]
    (tmp_path / "files/tench.JPEG").write_bytes(b"a")
    with pytest.raises(DataError, match=r"tench\.JPEG: a name such as"):
        imagenet.arrange(tmp_path / "files", made)
