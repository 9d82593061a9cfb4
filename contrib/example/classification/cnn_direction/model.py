"""A small CNN that says whether a text stands upright or upside down."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.directions import DIRECTIONS, training_pictures, write_directions
from utils.preprocess.pytorch.classification import ClassificationTransform
from zoo.family import Family
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.classification import ImageClassification

SIDE = 64
# (channels, stride) of the convolutions. Down first: what tells up from down lies in the height of the letters
LAYERS = ((16, (2, 1)), (32, (2, 2)), (48, (1, 1)), (64, (2, 2)), (64, (1, 1)))


def build(variant: str) -> Any:
    """[N, 1, 64, 64] float32 to [N, 2] logits: convolutions of 3 x 3, and what they see, averaged over the text."""
    from torch import nn

    layers: list[Any] = []
    channels = 1
    for more, stride in LAYERS:
        layers += [nn.Conv2d(channels, more, 3, stride, 1, bias=False), nn.BatchNorm2d(more), nn.ReLU()]
        channels = more
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, len(DIRECTIONS)))


def model(variant: str) -> Model:
    """What is known of the network."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 1, SIDE, SIDE)),),
                outputs=(TensorSpec("output", "float32", ("batch", len(DIRECTIONS))),),
            ),
        ),
        task=ImageClassification(
            transform=ClassificationTransform(SIDE, SIDE, mean=(0.5,), std=(0.5,), mode="L", crop_mode="squash"),
            labels=DIRECTIONS,
            folders=DIRECTIONS,
        ),
        sample=SampleData("directions", 1, write_directions, "rendered words, upright and turned"),
        source="written for this repository",
        licence="BSD-3-Clause; sample lettered in Aileron (CC0) and Caladea (Apache-2.0)",
        calibration=partial(training_pictures, 128),
        published=Published("top1", 0.917, "MindSpore's model zoo, a network of its own on FSNS, not these words"),
    )


MODEL = Family(
    domain="classification",
    name="cnn_direction",
    title="Direction of a text",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("cnn_direction",),
    make=model,
)
