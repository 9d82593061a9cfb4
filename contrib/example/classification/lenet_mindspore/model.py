"""LeNet-5 on handwritten digits, defined in MindSpore."""

from functools import partial
from pathlib import Path
from typing import Any

from zoo.family import Family
from zoo.libraries.digit_reader import digit_reader
from zoo.model import Model, Published


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
    return digit_reader(
        build=partial(build, variant),
        source="written for this repository after the paper; the weights are those of classification/lenet",
        paper="LeCun et al., Gradient-Based Learning Applied to Document Recognition, 1998",
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
