"""DS-CNN, which spots keywords."""

from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.spoken_words import WORDS, write_spoken_words
from utils.preprocess.audio import MelSpectrogram, Mfcc
from zoo.family import Family
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.keyword_spotting import KeywordSpotting

FRAMES, COEFFICIENTS, CLASSES = 49, 10, 12

# The paper's three sizes: channels, stride of the first convolution, strides of the separable ones.
SIZES = {
    "ds_cnn_s": (64, (2, 2), (1, 1, 1, 1)),
    "ds_cnn_m": (172, (2, 1), (2, 1, 1, 1)),
    "ds_cnn_l": (276, (2, 1), (2, 1, 1, 1, 1)),
}


def build(variant: str) -> Any:
    """[N, 1, 49, 10] float32 (frames by MFCC) to [N, 12] logits: a convolution of 10 frames by 4 coefficients, and
    depthwise separable ones of 3 by 3, each with batch norm and ReLU; the average over time and frequency; a linear
    layer. Padding is TensorFlow's SAME, as in the paper's code."""
    from collections import OrderedDict

    from torch import nn

    channels, first, strides = SIZES[variant]
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


PUBLISHED = {
    "ds_cnn_s": Published("top1", 0.944, "the paper, Speech Commands v0.01 test set, not these recordings"),
    "ds_cnn_m": Published("top1", 0.949, "the paper, Speech Commands v0.01 test set, not these recordings"),
    "ds_cnn_l": Published("top1", 0.954, "the paper, Speech Commands v0.01 test set, not these recordings"),
}


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 1, FRAMES, COEFFICIENTS)),),
                outputs=(TensorSpec("output", "float32", ("batch", CLASSES)),),
            ),
        ),
        task=KeywordSpotting(words=WORDS, features=Mfcc(MelSpectrogram(), COEFFICIENTS)),
        sample=SampleData("spoken_words", 1, write_spoken_words, "words that a program speaks"),
        source="written for this repository after the paper",
        licence="BSD-3-Clause; the sample is computed by espeak-ng (GPL-3.0, a program that is used, not part of this)",
        paper="Zhang et al., Hello Edge: Keyword Spotting on Microcontrollers, 2017",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="speech",
    name="ds_cnn",
    title="DS-CNN",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SIZES),
    make=model,
)
