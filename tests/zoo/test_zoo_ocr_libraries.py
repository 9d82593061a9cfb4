"""What the sources' own libraries make of a word, where they are installed: EasyOCR and RapidOCR."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from utils.datasets.samples.words import render_word
from zoo.catalogue import load

WORDS = ("Harbour", "42", "extraordinarily", "I", "tea for two")


def pictures() -> list[Image.Image]:
    random = np.random.RandomState(3)
    return [*(render_word(word, random) for word in WORDS), Image.new("RGB", (9, 40), (10, 200, 30))]


def blue_first(picture: Image.Image) -> np.ndarray:
    return np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])


def test_easyocr_prepares_a_word_in_the_same_way() -> None:
    pytest.importorskip("easyocr")
    import cv2
    from easyocr.config import recognition_models
    from easyocr.recognition import AlignCollate
    from easyocr.utils import get_image_list

    task = load("ocr/crnn").variant("english_g2").task
    assert recognition_models["gen2"]["english_g2"]["characters"] == task.alphabet
    for picture in pictures():
        grey = cv2.cvtColor(blue_first(picture), cv2.COLOR_BGR2GRAY)
        ((_, word),), width = get_image_list([[0, picture.width, 0, picture.height]], [], grey, 64)
        expected = AlignCollate(64, int(width), True)([Image.fromarray(word)])
        np.testing.assert_array_equal(task.preprocess(picture)[0][0], expected.numpy()[0])


def test_rapidocr_prepares_and_spells_a_word_in_the_same_way() -> None:
    pytest.importorskip("rapidocr")
    from rapidocr.ch_ppocr_rec.main import TextRecognizer
    from rapidocr.ch_ppocr_rec.utils import CTCLabelDecode

    task = load("ocr/ppocr").variant("ppocrv6_rec").task
    theirs: Any = SimpleNamespace(rec_image_shape=[3, 48, 320])
    for picture in pictures():
        expected = TextRecognizer.resize_norm_img(
            theirs, blue_first(picture), max(320 / 48, picture.width / picture.height)
        )
        np.testing.assert_array_equal(task.preprocess(picture)[0][0], expected)
    random = np.random.RandomState(0)
    scores = random.dirichlet(np.full(len(task.alphabet) + 1, 0.001), (1, 40)).astype(np.float32)
    ((text, score),), _ = CTCLabelDecode(list(task.alphabet[:-1]))(scores)
    (word,) = task.postprocess([scores], [None])
    assert word.text == text
    assert word.score == pytest.approx(score, abs=2e-5)


def test_rapidocr_prepares_a_line_for_its_direction_in_the_same_way() -> None:
    pytest.importorskip("rapidocr")
    from rapidocr.ch_ppocr_cls.main import TextClassifier

    task = load("ocr/ppocr").variant("ppocr_direction").task
    theirs: Any = SimpleNamespace(cls_image_shape=[3, 48, 192])
    for picture in pictures():
        expected = TextClassifier.resize_norm_img(theirs, blue_first(picture))
        np.testing.assert_array_equal(task.preprocess(picture)[0][0], expected)
