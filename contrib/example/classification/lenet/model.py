"""LeNet-5 on handwritten digits."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.digits import training_images, write_digits
from utils.preprocess.pytorch.classification import ClassificationTransform
from zoo.family import Family
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.classification import ImageClassification

DIGITS = tuple("0123456789")


def build(variant: str) -> Any:
    """[N, 1, 32, 32] float32 to [N, 10] logits: the layers of LeNet-5, with ReLU and maximum pooling."""
    from collections import OrderedDict

    from torch import nn

    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 6, 5),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(6, 16, 5),
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            fc1=nn.Linear(16 * 5 * 5, 120),
            relu3=nn.ReLU(),
            fc2=nn.Linear(120, 84),
            relu4=nn.ReLU(),
            fc3=nn.Linear(84, 10),
        )
    )


PUBLISHED = {
    "lenet": Published("top1", 0.9905, "the paper, MNIST test set (0.95 % errors), not these digits"),
}


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 1, 32, 32)),),
                outputs=(TensorSpec("output", "float32", ("batch", 10)),),
            ),
        ),
        task=ImageClassification(
            transform=ClassificationTransform(32, 32, mean=(0.5,), std=(0.5,), mode="L"),
            labels=DIGITS,
            folders=DIGITS,
        ),
        sample=SampleData("digits", 1, write_digits, "the 8 x 8 digits of UCI"),
        source="written for this repository after the paper",
        licence="BSD-3-Clause; digits: UCI Optical Recognition of Handwritten Digits, CC BY 4.0",
        paper="LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998",
        calibration=training_images,
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="classification",
    name="lenet",
    title="LeNet-5",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("lenet",),
    make=model,
)
