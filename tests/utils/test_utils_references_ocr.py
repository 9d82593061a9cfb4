"""Public sets of pictures with text become the format of their task, and damaged ones a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.datasets.icdar import read_icdar
from utils.datasets.ocr_words import read_words
from utils.datasets.references import icdar2015_toy, iiit5k, lpr_plates
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


def scene(folder: Path, said: Any) -> tuple[Path, Path]:
    (folder / "files/imgs").mkdir(parents=True)
    Image.new("RGB", (40, 20)).save(folder / "files/imgs/img_1.jpg")
    (folder / "files" / icdar2015_toy.LABELS).write_text(json.dumps(said), encoding="utf-8")
    (folder / "made").mkdir()
    return folder / "files", folder / "made"


def test_scenes_of_mmocr_become_icdar_2015(tmp_path: Path) -> None:
    corners = [1, 2, 30, 2, 30, 9, 1, 9]
    texts = [{"polygon": corners, "ignore": False}, {"polygon": corners[::-1], "ignore": True}]
    files, made = scene(tmp_path, {"data_list": [{"img_path": "imgs/img_1.jpg", "instances": texts}]})
    icdar2015_toy.arrange(files, made)
    (sample,) = read_icdar(made)
    assert [one.ignored for one in sample.truth] == [False, True]
    np.testing.assert_array_equal(sample.truth[0].polygon, np.array(corners).reshape(4, 2))


@pytest.mark.parametrize(
    "said",
    [
        [],
        {"data_list": [{"img_path": "imgs/img_1.jpg"}]},
        {"data_list": [{"img_path": "imgs/img_1.jpg", "instances": [{"polygon": [1, 2, 3, 4], "ignore": False}]}]},
        {"data_list": [{"img_path": 3, "instances": []}]},
    ],
)
def test_scenes_of_another_form_are_a_sentence(tmp_path: Path, said: Any) -> None:
    files, made = scene(tmp_path, said)
    with pytest.raises(DataError, match="expected"):
        icdar2015_toy.arrange(files, made)


def test_plates_are_called_what_they_say(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    for name in ("%E4%BA%ACPL3N67", "%E7%9A%96AW657T"):
        Image.new("RGB", (9, 4)).save(tmp_path / f"{name}.jpg")
    lpr_plates.arrange(tmp_path, tmp_path / "made")
    assert [sample.truth for sample in read_words(tmp_path / "made")] == ["京PL3N67", "皖AW657T"]
    Image.new("RGB", (9, 4)).save(tmp_path / "%E4%BA.jpg")
    with pytest.raises(DataError, match="percent-encoded"):
        lpr_plates.arrange(tmp_path, tmp_path / "made")
