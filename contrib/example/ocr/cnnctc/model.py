"""CNN&CTC reads a word without recurrence."""

import string
from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.words import write_words
from utils.preprocess.pytorch.text_recognition import StretchedWord
from zoo.catalogue import beside
from zoo.family import Family
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.text_recognition import TextRecognition

ALPHABET = string.digits + string.ascii_lowercase
CLASSES = 1 + len(ALPHABET)
HEIGHT, WIDTH = 32, 100
STEPS = WIDTH // 4 + 1
# Channels of the stem and of the stages, residual blocks of each stage; the authors' where there are none
SHAPES: dict[str, tuple[tuple[int, ...], ...]] = {
    "cnnctc_narrow": ((8, 12), (16, 32, 56, 56), (1, 1, 1, 1)),
    "cnnctc": (),
}
PUBLISHED = {
    "cnnctc": Published(
        "word_accuracy",
        0.864,
        "MindSpore's CNN&CTC, https://gitee.com/mindspore/models: IIIT5k, not these words",
        decimals=3,
    )
}


def build(variant: str) -> Any:
    """[N, 1, 32, 100] float32 to scores [N, 26, 37], class 0 CTC's blank; see network.py."""
    network = beside(__file__, "network")
    return network.CnnCtc(network.Shape(*SHAPES[variant]), CLASSES)


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 1, HEIGHT, WIDTH)),),
                outputs=(TensorSpec("output", "float32", ("batch", STEPS, CLASSES)),),
            ),
        ),
        task=TextRecognition(StretchedWord(HEIGHT, WIDTH), ALPHABET),
        sample=SampleData("words", 1, write_words, "rendered words"),
        source="written for this repository after the papers; names in the state dict as in "
        "deep-text-recognition-benchmark",
        licence="BSD-3-Clause; sample in Aileron (CC0) and Caladea (Apache-2.0)",
        paper="Baek et al.: What Is Wrong With Scene Text Recognition Model Comparisons?, 2019; Cheng et al.: Focusing "
        "Attention, 2017",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="ocr",
    name="cnnctc",
    title="CNN&CTC",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    make=model,
)
