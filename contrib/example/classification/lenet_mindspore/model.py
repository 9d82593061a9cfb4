"""LeNet-5 on handwritten digits, defined in MindSpore."""

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
    from mindspore import nn

    class LeNet(nn.Cell):
        """The parameters have the names of the PyTorch network's in ../lenet."""

        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 6, 5, pad_mode="valid", has_bias=True)
            self.conv2 = nn.Conv2d(6, 16, 5, pad_mode="valid", has_bias=True)
            self.fc1 = nn.Dense(16 * 5 * 5, 120)
            self.fc2 = nn.Dense(120, 84)
            self.fc3 = nn.Dense(84, 10)
            self.relu = nn.ReLU()
            self.pool = nn.MaxPool2d(2, 2)
            self.flatten = nn.Flatten()

        def construct(self, input: Any) -> Any:
            x = self.pool(self.relu(self.conv1(input)))
            x = self.pool(self.relu(self.conv2(x)))
            x = self.relu(self.fc1(self.flatten(x)))
            return self.fc3(self.relu(self.fc2(x)))

    return LeNet()


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
        source="written for this repository after the paper; the weights are those of classification/lenet",
        licence="BSD-3-Clause; digits: UCI Optical Recognition of Handwritten Digits, CC BY 4.0",
        paper="LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998",
        calibration=training_images,
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="classification",
    name="lenet_mindspore",
    title="LeNet-5 (MindSpore)",
    framework="mindspore",
    folder=Path(__file__).resolve().parent,
    names=("lenet",),
    make=model,
)
