"""What a folder holds and no sample has is said; two files that would share a truth are refused by name."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from utils.datasets.cityscapes import Cityscapes
from utils.datasets.depth import DepthPictures
from utils.datasets.icdar import read_icdar
from utils.datasets.libri_speech import Transcribed
from utils.datasets.mattes import Mattes
from utils.datasets.noisy_speech import NoisySpeech
from utils.datasets.restoration import RestorationPairs
from utils.datasets.rttm import SpeechRecordings
from utils.datasets.speech_commands import SpeechCommands
from utils.datasets.voc_objects import VocObjects
from utils.datasets.voc_segmentation import VocSegmentation
from utils.datasets.vocadito import notes
from utils.datasets.wider_face import WiderFace
from zoo_core.errors import DataError


def _picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (8, 6), 1).save(path)


def _sound(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(160), 16000)


def _text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _depths(root: Path) -> None:
    _picture(root / "image/a.png")
    _picture(root / "depth/a.png")


def _mattes(root: Path) -> None:
    _picture(root / "image/a.jpg")
    _picture(root / "matte/a.png")


def _transcripts(root: Path) -> None:
    _sound(root / "1/2/1-2-0.flac")
    _text(root / "1/2/1-2.trans.txt", "1-2-0 HELLO\n")


def _turns(root: Path) -> None:
    _sound(root / "a.wav")
    _text(root / "a.rttm", "SPEAKER a 1 0.0 0.005 <NA> <NA> one <NA> <NA>\n")


def _scenes(root: Path) -> None:
    _picture(root / "img_1.jpg")
    _text(root / "gt_img_1.txt", "0,0,3,0,3,3,0,3,word\n")


def _streets(root: Path) -> None:
    _picture(root / "leftImg8bit/val/ulm/ulm_0_leftImg8bit.png")
    _picture(root / "gtFine/val/ulm/ulm_0_gtFine_labelIds.png")


def _notes(root: Path) -> None:
    _sound(root / "Audio/a.wav")
    _text(root / "Annotations/Notes/a_notesA1.csv", "0.0,440.0,0.5\n")


def _pairs(root: Path) -> None:
    _picture(root / "HR/a.png")
    _picture(root / "LR/a.png")


def _voc(root: Path, masks: str = "SegmentationClass") -> None:
    _picture(root / "JPEGImages/a.jpg")
    Image.fromarray(np.ones((6, 8), np.uint8)).save(_made(root / masks) / "a.png")
    _text(root / "ImageSets/Segmentation/val.txt", "a\n")


def _objects(root: Path) -> None:
    _voc(root, "SegmentationObject")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


Make, Read = Callable[[Path], None], Callable[[Path], Iterable[Any]]


@pytest.mark.parametrize(
    ("make", "read", "alone", "said"),
    [
        (_depths, DepthPictures, "depth/b.png", "a truth without a picture"),
        (_mattes, Mattes, "matte/b.png", "a truth without a picture"),
        (_transcripts, Transcribed, "1/2/1-2-1.flac", "a recording that no transcript names"),
        (_transcripts, Transcribed, "1/3/1-3-0.wav", "a recording that no transcript names"),
        (_turns, SpeechRecordings, "b.rttm", "a file of turns without a recording"),
        (_scenes, read_icdar, "gt_img_2.txt", "a text file without an image"),
        (_streets, Cityscapes, "gtFine/val/ulm/ulm_1_gtFine_labelIds.png", "a mask without a picture"),
    ],
)
def test_a_file_of_no_sample_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, make: Make, read: Read, alone: str, said: str
) -> None:
    make(tmp_path)
    assert len(list(read(tmp_path))) == 1
    assert caplog.text == ""
    one = tmp_path / alone
    _made(one.parent)
    like = [path for path in sorted(tmp_path.rglob(f"*{one.suffix}")) if path.is_file()]
    if like:
        shutil.copy(like[0], one)
    else:
        _sound(one)
    assert len(list(read(tmp_path))) == 1
    assert f"{one}: passed over: this is {said}" in caplog.text


@pytest.mark.parametrize(
    ("make", "read", "more"),
    [
        (_depths, DepthPictures, "image/a.jpg"),
        (_mattes, Mattes, "image/a.png"),
        (_mattes, Mattes, "matte/a.jpg"),
        (_pairs, lambda root: RestorationPairs(root), "HR/a.jpg"),
        (_pairs, lambda root: RestorationPairs(root), "LR/a.bmp"),
        (_transcripts, Transcribed, "1/2/1-2-0.wav"),
        (_turns, SpeechRecordings, "a.flac"),
        (_notes, notes, "Audio/a.flac"),
        (lambda root: _voc(root), VocSegmentation, "JPEGImages/a.png"),
    ],
)
def test_two_files_that_would_share_a_truth_are_refused(tmp_path: Path, make: Make, read: Read, more: str) -> None:
    make(tmp_path)
    assert len(list(read(tmp_path))) == 1
    (_picture if Path(more).suffix in (".png", ".jpg", ".bmp") else _sound)(tmp_path / more)
    with pytest.raises(DataError, match=r"Remove one|more than one"):
        read(tmp_path)


def test_equal_names_in_two_folders_are_two_samples(tmp_path: Path) -> None:
    for part in ("one", "two"):
        for side in ("clean", "noisy"):
            _sound(tmp_path / f"{side}_testset_wav" / part / "a.wav")
        _picture(tmp_path / "HR" / part / "a.png")
        _picture(tmp_path / "LR" / part / "a.png")
    assert [one.id for one in NoisySpeech(tmp_path)] == ["one/a.wav", "two/a.wav"]
    assert [one.id for one in RestorationPairs(tmp_path)] == ["one/a.png", "two/a.png"]


@pytest.mark.parametrize(
    ("make", "read", "name"),
    [
        (_transcripts, Transcribed, "1/2/1-2.trans.txt"),
        (_voc, VocSegmentation, "ImageSets/Segmentation/val.txt"),
        (_objects, VocObjects, "ImageSets/Segmentation/val.txt"),
    ],
)
def test_an_overlong_name_in_a_list_is_named(tmp_path: Path, make: Make, read: Read, name: str) -> None:
    make(tmp_path)
    with (tmp_path / name).open("a") as file:
        file.write("n" * 5000 + " WORDS\n")
    with pytest.raises(DataError, match=r"val.txt|trans.txt|there is no such file") as caught:
        read(tmp_path)
    assert len(str(caught.value)) < 700


def _wider(root: Path, *rows: str) -> WiderFace:
    _picture(root / "WIDER_val/images/0/a.jpg")
    count = 0 if rows == ("0 0 0 0 0 0 0 0 0 0",) else len(rows)
    _text(root / "wider_face_split/wider_face_val_bbx_gt.txt", "\n".join(["0/a.jpg", str(count), *rows, ""]))
    return WiderFace(root)


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ("1 1 0 3", "no width or no height"),
        ("1 1 3 -2", "no width or no height"),
        ("6 5 7 5", "Are width and height in the list those of the boxes, or right and bottom"),
        ("-9 0 3 3", "lies outside of the 8 x 6 pixels"),
    ],
)
def test_odd_boxes_of_faces_are_said(tmp_path: Path, caplog: pytest.LogCaptureFixture, box: str, said: str) -> None:
    found = _wider(tmp_path, f"{box} 0 0 0 0 0 0")
    assert said in caplog.text
    assert "a.jpg" in caplog.text
    assert found[0].truth.invalid.tolist() == ["no width" in said]


def test_plain_boxes_of_faces_are_not(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert len(_wider(tmp_path, "1 1 3 3 0 0 0 0 0 0", "5 3 4 4 0 0 0 0 0 0")[0].truth.boxes) == 2
        assert len(_wider(tmp_path, "0 0 0 0 0 0 0 0 0 0")[0].truth.boxes) == 0
    assert caplog.text == ""


def test_a_face_behind_the_number_0_is_refused(tmp_path: Path) -> None:
    _wider(tmp_path, "0 0 0 0 0 0 0 0 0 0")
    path = tmp_path / "wider_face_split/wider_face_val_bbx_gt.txt"
    path.write_text(path.read_text().replace("0 0 0 0 0 0 0 0 0 0", "1 1 3 3 0 0 0 0 0 0"))
    with pytest.raises(DataError, match=r"line 3: got a face, and 0/a\.jpg has 0 of them"):
        WiderFace(tmp_path)


def test_a_recording_that_a_list_names_twice_is_refused(tmp_path: Path) -> None:
    _sound(tmp_path / "yes/a.wav")
    for repeated, said in (("", None), ("yes/a.wav\n", "line 1 too, and would count twice")):
        _text(tmp_path / "testing_list.txt", f"yes/a.wav\n\n{repeated}")
        if said is None:
            assert len(SpeechCommands(tmp_path, ("yes",))) == 1
        else:
            with pytest.raises(DataError, match=said):
                SpeechCommands(tmp_path, ("yes",))
