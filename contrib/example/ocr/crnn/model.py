"""CRNN reads a word."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.words import write_words
from utils.preprocess.pytorch.text_recognition import WordTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.text_recognition import TextRecognition

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
CLASSES = 1 + len(ALPHABET)  # class 0 is CTC's blank
FILLING = -2.0  # no grey value: tells the network where a picture ends
STRIDE = 4
WIDTH = 320


def build(variant: str) -> Any:
    """[N, 1, 32, W] float32 to [N, W // 4 + 1, 37] scores; see network.py."""
    return beside(__file__, "network").build(variant, CLASSES)


PUBLISHED = {
    "crnn": Published("word_accuracy", 0.782, "the paper, IIIT5k without lexicon, not these words"),
}


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 1, 32, "width")),),
                outputs=(TensorSpec("output", "float32", ("batch", "steps", CLASSES)),),
                size={"width": WIDTH},
            ),
        ),
        task=TextRecognition(WordTransform(32, WIDTH), ALPHABET, STRIDE, FILLING),
        sample=SampleData("words", 1, write_words, "rendered words"),
        source="written for this repository after the paper; names in the state dict as in crnn.pytorch",
        licence="BSD-3-Clause; sample lettered in Aileron (CC0) and Caladea (Apache-2.0)",
        paper="Shi, Bai, Yao: An End-to-End Trainable Neural Network for Image-based Sequence Recognition, 2015",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="ocr",
    name="crnn",
    title="CRNN",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("crnn_narrow", "crnn"),
    make=model,
)
