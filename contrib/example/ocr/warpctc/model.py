"""WarpCTC reads the digits of a captcha."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.captchas import DIGITS, HEIGHT, WIDTH, write_captchas
from utils.preprocess.pytorch.text_recognition import StretchedWord
from zoo.catalogue import beside
from zoo.family import Family
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.text_recognition import TextRecognition

CLASSES = len(DIGITS) + 1
HIDDEN = {"warpctc_small": 112, "warpctc": 512}
# MindSpore's, of the captchas that it is trained on
MEAN, DEVIATION = (0.9010, 0.9049, 0.9025), (0.1521, 0.1347, 0.1458)
PUBLISHED = {
    "warpctc": Published(
        "word_accuracy",
        0.952,
        "MindSpore's WarpCTC, https://gitee.com/mindspore/models: inference on Ascend 310 on captchas that it draws "
        "itself, not these; 0.990 in its evaluation on Ascend 910",
        decimals=3,
    )
}


def build(variant: str) -> Any:
    """[N, 3, 64, 160] float32 to scores [N, 160, 11], the last class CTC's blank; see network.py."""
    return beside(__file__, "network").StackedLstm(HEIGHT, HIDDEN[variant], CLASSES)


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 3, HEIGHT, WIDTH)),),
                outputs=(TensorSpec("output", "float32", ("batch", WIDTH, CLASSES)),),
            ),
        ),
        task=TextRecognition(StretchedWord(HEIGHT, WIDTH, MEAN, DEVIATION, smooth=True), DIGITS, blank_last=True),
        sample=SampleData("captchas", 1, write_captchas, "drawn captchas"),
        source="written for this repository after MindSpore's description",
        licence="BSD-3-Clause; sample lettered in Aileron (CC0) and Caladea (Apache-2.0)",
        paper="Graves et al.: Connectionist Temporal Classification, 2006",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="ocr",
    name="warpctc",
    title="WarpCTC",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(HIDDEN),
    make=model,
)
