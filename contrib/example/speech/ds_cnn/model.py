"""DS-CNN, which spots keywords."""

from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS
from utils.datasets.references.keywords import arrange
from utils.datasets.samples.spoken_words import WORDS, write_spoken_words
from utils.preprocess.audio import MelSpectrogram, Mfcc
from utils.preprocess.tensorflow_audio import TensorFlowMfcc
from utils.tensorflow_graph import read_constants
from zoo.errors import ZooError
from zoo.family import Family
from zoo.model import Model, Part, Pretrained, Published, ReferenceData, SampleData
from zoo.tasks.keyword_spotting import KeywordSpotting

FRAMES, COEFFICIENTS, CLASSES = 49, 10, 12

# The paper's three sizes: channels, stride of the first convolution, strides of the separable ones.
SIZES = {
    "ds_cnn_s": (64, (2, 2), (1, 1, 1, 1)),
    "ds_cnn_m": (172, (2, 1), (2, 1, 1, 1)),
    "ds_cnn_l": (276, (2, 1), (2, 1, 1, 1, 1)),
}
ARM = "_arm"  # behind the size: with the paper's weights, and the features that they were trained on
AUTHORS = "https://raw.githubusercontent.com/ARM-software/ML-KWS-for-MCU/8151349b110f4d1c194c085fcc5b3535bdf7ce4a"


def build(variant: str) -> Any:
    """[N, 1, 49, 10] float32 (frames by MFCC) to [N, 12] logits: a convolution of 10 frames by 4 coefficients, and
    depthwise separable ones of 3 by 3, each with batch norm and ReLU; the average over time and frequency; a linear
    layer. Padding is TensorFlow's SAME, as in the paper's code."""
    from collections import OrderedDict

    from torch import nn

    channels, first, strides = SIZES[variant.removesuffix(ARM)]
    size = (FRAMES, COEFFICIENTS)
    layers: OrderedDict[str, nn.Module] = OrderedDict()

    def add(name: str, before: int, kernel: tuple[int, int], stride: tuple[int, int], groups: int = 1) -> None:
        nonlocal size
        padding, size = same_padding(size, kernel, stride)
        if any(padding):
            layers[f"{name}_pad"] = nn.ZeroPad2d(padding)
        layers[f"{name}_conv"] = nn.Conv2d(before, channels, kernel, stride, groups=groups, bias=False)
        layers[f"{name}_norm"] = nn.BatchNorm2d(channels)
        layers[f"{name}_relu"] = nn.ReLU()

    add("first", 1, (10, 4), first)
    for number, stride in enumerate(strides, start=1):
        add(f"depth{number}", channels, (3, 3), (stride, stride), groups=channels)
        add(f"point{number}", channels, (1, 1), (1, 1))
    layers["pool"] = nn.AvgPool2d(size)
    layers["flatten"] = nn.Flatten()
    layers["linear"] = nn.Linear(channels, CLASSES)
    return nn.Sequential(layers)


def same_padding(
    size: tuple[int, int], kernel: tuple[int, int], stride: tuple[int, int]
) -> tuple[tuple[int, int, int, int], tuple[int, int]]:
    """((left, right, top, bottom), size of the result): TensorFlow's SAME, where the odd one comes last."""
    result = tuple(ceil(side / step) for side, step in zip(size, stride, strict=True))
    sides = zip(result, stride, kernel, size, strict=True)
    rows, columns = (max((out - 1) * step + reach - side, 0) for out, step, reach, side in sides)
    padding = (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)
    return padding, (result[0], result[1])


def convert(path: Path) -> dict[str, Any]:
    """The layers of a frozen graph of the authors. Below the network's name, `conv_1` is the first convolution, and
    `conv_ds_N` the Nth depthwise and pointwise ones, each with biases in front of a batch norm without scale, whose
    epsilon is 0.001. Here convolutions have no biases, which move the mean, and the epsilon is PyTorch's 1e-5."""
    constants = {name.partition("/")[2]: array for name, array in read_constants(path).items()}
    found: dict[str, Any] = {}

    def of(name: str) -> np.ndarray:
        if name not in constants:
            raise ZooError(f"{path}: there is no constant {name} in the graph")
        return constants[name]

    def add(layer: str, kernel: np.ndarray, convolution: str, norm: str) -> None:
        found[f"{layer}_conv.weight"] = kernel
        found[f"{layer}_norm.weight"] = np.ones_like(of(f"{norm}/beta"))
        found[f"{layer}_norm.bias"] = of(f"{norm}/beta")
        found[f"{layer}_norm.running_mean"] = of(f"{norm}/moving_mean") - of(f"{convolution}/biases")
        found[f"{layer}_norm.running_var"] = of(f"{norm}/moving_variance") + np.float32(1e-3 - 1e-5)

    add("first", of("conv_1/weights").transpose(3, 2, 0, 1), "conv_1", "conv_1/batch_norm")
    for number in range(1, 1 + sum(name.endswith("depthwise_weights") for name in constants)):
        block = f"conv_ds_{number}"
        depthwise, pointwise = f"{block}/depthwise_conv", f"{block}/pointwise_conv"
        kernel = of(f"{depthwise}/depthwise_weights").transpose(2, 3, 0, 1)
        add(f"depth{number}", kernel, depthwise, f"{block}/dw_batch_norm")
        kernel = of(f"{pointwise}/weights").transpose(3, 2, 0, 1)
        add(f"point{number}", kernel, pointwise, f"{block}/pw_batch_norm")
    return found | {"linear.weight": of("fc1/weights").T, "linear.bias": of("fc1/biases")}


# The authors' files: MB and SHA-256.
FILES = {
    "ds_cnn_s_arm": (0.1, "c277b76af7d090b85664e510ad956fdd7d8ca6ca6318007d69b0a01995285497"),
    "ds_cnn_m_arm": (0.6, "f5076b1a6f67dd509073cecc3173decead456658d588ba93e78eed685f944642"),
    "ds_cnn_l_arm": (1.7, "5ce74910d01499fba051a6acffd6502364584b6e1e14c165acd03d8e6f7a3523"),
}
WHERE = "the paper, Speech Commands v0.01 test set"
PUBLISHED = {
    "ds_cnn_s_arm": Published("top1", 0.944, WHERE, decimals=3),
    "ds_cnn_m_arm": Published("top1", 0.949, WHERE, decimals=3),
    "ds_cnn_l_arm": Published("top1", 0.954, WHERE, decimals=3),
}
KEYWORDS = ReferenceData(
    "keywords",
    "Forty recordings: the ten words, 28 others, and two without a word",
    LISTINGS / "keywords.tsv",
    partial(arrange, words=WORDS),
    "MIT and Apache-2.0 (the repositories)",
    40,
    rule="people's own recordings, one of each word",
    other="these are other recordings, of which seven in ten are other words, and not one in twelve",
)


def pretrained(variant: str) -> Pretrained | None:
    """Where the authors' weights are; None for the variants without."""
    if variant not in FILES:
        return None
    size, digest = FILES[variant]
    letter = variant.removesuffix(ARM)[-1].upper()
    address = f"{AUTHORS}/Pretrained_models/DS_CNN/DS_CNN_{letter}.pb"
    return Pretrained(address, size, digest, licence="Apache-2.0", convert=convert)


def model(variant: str) -> Model:
    """What is known of a variant: those with the authors' weights take the features of TensorFlow."""
    authors = variant in FILES
    mfcc = TensorFlowMfcc if authors else Mfcc
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 1, FRAMES, COEFFICIENTS)),),
                outputs=(TensorSpec("output", "float32", ("batch", CLASSES)),),
            ),
        ),
        task=KeywordSpotting(words=WORDS, features=mfcc(MelSpectrogram(), COEFFICIENTS)),
        sample=SampleData("spoken_words", 1, write_spoken_words, "words that a program speaks"),
        source="written for this repository after the paper",
        licence="BSD-3-Clause; the authors' weights: Apache-2.0; the sample is computed by espeak-ng (GPL-3.0, a "
        "program that is used, not part of this)",
        paper="Zhang et al., Hello Edge: Keyword Spotting on Microcontrollers, 2017",
        pretrained=pretrained(variant),
        published=PUBLISHED.get(variant),
        reference=KEYWORDS if authors else None,
    )


MODEL = Family(
    domain="speech",
    name="ds_cnn",
    title="DS-CNN",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=(*SIZES, *FILES),
    offline="ds_cnn_s",
    make=model,
)
