"""Public sets of pictures with text become the format of their task, and damaged ones a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from utils.datasets.ocr_words import read_words
from utils.datasets.references import iiit5k
from zoo_core.errors import DataError


def words(folder: Path, tags: str, names: tuple[str, ...] = ("a", "b")) -> tuple[Path, Path]:
    (folder / "files/test").mkdir(parents=True)
    for name in names:
        Image.new("RGB", (4, 4)).save(folder / f"files/test/{name}.png")
    (folder / "files/test.tags").write_text(tags, encoding="utf-8")
    (folder / "made").mkdir()
    return folder / "files", folder / "made"


def test_a_part_of_the_words_with_what_they_say(tmp_path: Path) -> None:
    files, made = words(tmp_path, "test/c.png NOT HERE\ntest/b.png Bank\ntest/a.png 41KM\n")
    iiit5k.arrange(files, made)
    found = read_words(made)
    assert [(sample.id, sample.truth) for sample in found] == [("test/a.png", "41KM"), ("test/b.png", "Bank")]
    assert all(sample.data.is_file() for sample in found)


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ("test/a.png Bank\n", "what test/b.png says"),
        ("test/a.png Bank\ntest/b.png\n", "line 2"),
        ("test/a.png Bank\n\ntest/b.png x\n", "line 2"),
    ],
)
def test_a_word_without_text_is_a_sentence(tmp_path: Path, tags: str, said: str) -> None:
    files, made = words(tmp_path, tags)
    with pytest.raises(DataError, match=said):
        iiit5k.arrange(files, made)


def test_no_picture_at_all_is_a_sentence(tmp_path: Path) -> None:
    files, made = words(tmp_path, "test/a.png Bank\n", names=())
    with pytest.raises(DataError, match="any picture"):
        iiit5k.arrange(files, made)
