"""Files that a data set names by itself: within its folder, once, and of the size that is said of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from utils.datasets.coco import CocoDetection
from utils.datasets.coco_keypoints import CocoKeypoints
from utils.datasets.face_attributes import FaceAttributes, Head
from utils.datasets.face_pairs import FacePairs
from utils.datasets.face_points import FacePoints
from utils.datasets.face_quality import FaceQualities
from utils.datasets.folder import within
from utils.datasets.icdar import read_icdar
from utils.datasets.libri_speech import Transcribed
from utils.datasets.music_tags import MusicTags
from utils.datasets.ocr_words import read_words
from utils.datasets.speech_commands import SpeechCommands
from utils.datasets.voc_objects import VocObjects
from utils.datasets.voc_segmentation import VocSegmentation
from utils.datasets.wider_face import WiderFace
from utils.preprocess.image import load_size, upright
from zoo_core.errors import DataError

WIDTH, HEIGHT = 40, 20


def _picture(path: Path, size: tuple[int, int] = (WIDTH, HEIGHT), turned: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    if turned:
        exif[0x112] = turned
    Image.new("L", size, 1).save(path, exif=exif)
    return path


def _text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _coco(root: Path, name: str) -> CocoDetection:
    _text(root / "a.json", json.dumps(_content(file_name=name)))
    return CocoDetection(root / "a.json", ("thing",))


def _content(**image: Any) -> dict[str, Any]:
    box = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]}
    return {
        "images": [{"id": 1, "file_name": "a.jpg"} | image],
        "annotations": [box],
        "categories": [{"id": 1, "name": "thing", "keypoints": ["nose"]}],
    }


def _words(root: Path, name: str) -> Any:
    _text(root / "gt.txt", f"{name}\tword\n")
    return read_words(root)


def _wider(root: Path, name: str) -> Any:
    (root / "WIDER_val/images").mkdir(parents=True)
    _text(root / "wider_face_split/wider_face_val_bbx_gt.txt", f"{name}\n1\n1 1 3 3 0 0 0 0 0 0\n")
    return WiderFace(root)


def _attributes(root: Path, name: str) -> Any:
    _text(root / "attributes.txt", f"{name} 1\n")
    return FaceAttributes(root, [Head("age", ("young", "old"))])


def _music(root: Path, name: str) -> Any:
    _text(root / "annotations_final.csv", f'"clip_id"\t"rock"\t"mp3_path"\n"1"\t"1"\t"{name}"\n')
    return MusicTags(root, ("rock",))


def _commands(root: Path, name: str) -> Any:
    _text(root / "testing_list.txt", f"{name}\n")
    return SpeechCommands(root, ("yes",))


def _voc(root: Path, name: str) -> Any:
    _text(root / "ImageSets/Segmentation/val.txt", f"{name}\n")
    for folder in ("JPEGImages", "SegmentationClass"):
        (root / folder).mkdir()
    return VocSegmentation(root)


def _objects(root: Path, name: str) -> Any:
    _text(root / "ImageSets/Segmentation/val.txt", f"{name}\n")
    return VocObjects(root)


def _transcripts(root: Path, name: str) -> Any:
    _text(root / "1-2.trans.txt", f"{name} HELLO\n")
    return Transcribed(root)


def _pairs(root: Path, name: str) -> Any:
    pairs = f"{name} 1 2\n{name} 1 other 2\n"
    _text(root / "pairs.txt", f"2\t1\n{pairs}{pairs}")
    return FacePairs(root)


READERS: list[Callable[[Path, str], Any]] = [
    *(_coco, _words, _wider, _attributes, _music, _commands, _voc, _objects, _transcripts, _pairs)
]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", ["../victim.jpg", "sub/../../victim.jpg", "{outside}", "C:/a.jpg", "..\\\\victim.jpg"])
def test_a_name_that_leads_out_of_the_data_set_is_refused(
    tmp_path: Path, read: Callable[[Path, str], Any], name: str
) -> None:
    _picture(tmp_path / "victim.jpg")
    root = tmp_path / "data"
    root.mkdir()
    with pytest.raises(DataError, match="is no name within"):
        read(root, name.format(outside=tmp_path / "victim.jpg"))


@pytest.mark.parametrize("read", READERS)
def test_an_address_is_no_file(tmp_path: Path, read: Callable[[Path, str], Any]) -> None:
    with pytest.raises(DataError, match=r"is an address\. Fetch the files into"):
        read(tmp_path, "http://127.0.0.1/a.jpg")


@pytest.mark.parametrize(
    "name", ["a.jpg", "deep/er/a.jpg", "./a.jpg", "..a.jpg", "a..jpg", "名 前.jpg", "~/a", "$HOME"]
)
def test_plain_names_are_names(tmp_path: Path, name: str) -> None:
    assert within(tmp_path, name, "list") == tmp_path / name


def test_a_picture_that_a_list_names_twice_would_count_twice(tmp_path: Path) -> None:
    _text(tmp_path / "gt.txt", "a.png\tone\nb.png\tone\na.png\ttwo\n")
    with pytest.raises(DataError, match=r"a\.png stands in 2 lines of this list"):
        read_words(tmp_path)
    _text(tmp_path / "gt.txt", 'word_1.png, "Genaxis Theatre"\n')
    with pytest.raises(DataError, match=r"line 1: .* is written as ICDAR does"):
        read_words(tmp_path)
    _picture(tmp_path / "a.jpg")
    _text(tmp_path / "attributes.txt", "a.jpg 1\na.jpg 0\n")
    with pytest.raises(DataError, match=r"line 2: a\.jpg stands in line 1 too"):
        FaceAttributes(tmp_path, [Head("age", ("young", "old"))])


@pytest.mark.parametrize(
    ("said", "turned", "expected"),
    [
        ((WIDTH, HEIGHT), 0, None),
        ((WIDTH, HEIGHT), 3, None),
        ((float(WIDTH), float(HEIGHT)), 0, None),
        ((HEIGHT, WIDTH), 6, None),
        ((None, None), 6, None),
        ((0, 0), 0, None),
        (
            (2 * WIDTH, 2 * HEIGHT),
            0,
            "80 x 40 pixels are said, and a.jpg has 40 x 20. Its boxes would be",
        ),
        ((HEIGHT, WIDTH), 0, "20 x 40 pixels are said, and a.jpg has 40 x 20. Its boxes"),
        ((WIDTH, HEIGHT), 6, "40 x 20 pixels are said, and a.jpg has 20 x 40. EXIF turns it"),
    ],
)
def test_a_size_that_contradicts_the_picture(
    tmp_path: Path, said: tuple[Any, Any], turned: int, expected: str | None
) -> None:
    _picture(tmp_path / "a.jpg", turned=turned)
    content = _content(width=said[0], height=said[1])
    content["annotations"][0] |= {"keypoints": [2, 3, 2]}
    _text(tmp_path / "a.json", json.dumps(content))
    for read in (lambda: CocoDetection(tmp_path / "a.json", ("thing",)), lambda: _people(tmp_path / "a.json")):
        if expected is None:
            assert len(read()) == 1
        else:
            with pytest.raises(DataError, match=expected):
                read()


def _people(file: Path) -> CocoKeypoints:
    return CocoKeypoints(file, ("nose",))


def test_a_picture_that_cannot_be_read_is_told_when_it_is_read(tmp_path: Path) -> None:
    _text(tmp_path / "a.jpg", "none")
    assert len(_coco(tmp_path, "a.jpg")) == 1


@pytest.mark.parametrize("turned", range(1, 9))
def test_the_size_is_that_of_the_picture_as_it_is_read(tmp_path: Path, turned: int) -> None:
    path = _picture(tmp_path / "a.jpg", turned=turned)
    assert load_size(path, turn=True) == upright(path).size
    assert load_size(path) == (WIDTH, HEIGHT)


def test_a_mask_of_another_size_than_its_picture(tmp_path: Path) -> None:
    _picture(tmp_path / "JPEGImages/a.jpg", (2 * WIDTH, 2 * HEIGHT))
    _picture(tmp_path / "SegmentationObject/a.png")
    with pytest.raises(DataError, match=r"a\.png: 40 x 20 pixels, its picture 80 x 40"):
        _objects(tmp_path, "a")


@pytest.mark.parametrize("scaled", [False, True])
def test_what_lies_outside_of_its_picture_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, scaled: bool
) -> None:
    """Of formats that state no size, this shows that a picture has been scaled."""
    for folder in ("text", "points", "quality"):
        _picture(tmp_path / folder / "a.jpg", (WIDTH // 4, HEIGHT // 4) if scaled else (WIDTH, HEIGHT))
    _text(tmp_path / "text/gt_a.txt", "20,10,30,10,30,15,20,15,word\n")
    _text(tmp_path / "points/a.pts", "version: 1\nn_points: 2\n{\n20 10\n30 15\n}\n")
    _text(tmp_path / "quality/a.txt", "0 0 0 " + "20 10 " * 5)
    with caplog.at_level(logging.WARNING):
        read_icdar(tmp_path / "text")
        FacePoints(tmp_path / "points", 2)
        FaceQualities(tmp_path / "quality")
    said = [record.message for record in caplog.records]
    assert len(said) == (3 if scaled else 0)
    assert all("lies outside of the 10 x 5 pixels" in one for one in said)


def test_a_sound_in_a_sub_folder_is_within(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    soundfile.write(tmp_path / "1/a.wav", np.zeros(160), 16000)
    assert [one.id for one in _music(tmp_path, "1/a.wav")] == ["1/a.wav"]
