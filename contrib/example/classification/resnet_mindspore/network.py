"""ResNet with two convolutions a block, as a cell of MindSpore whose parameters have torchvision's names."""

from __future__ import annotations

from mindspore import Tensor, nn, ops

CLASSES, WIDTHS = 1000, (64, 128, 256, 512)
BLOCKS = {"resnet18": (2, 2, 2, 2), "resnet34": (3, 4, 6, 3)}
# What MindSpore calls the parameters of a norm, and what torchvision does
_NORM = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}


def _convolution(before: int, after: int, size: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(before, after, size, stride, pad_mode="pad", padding=size // 2, has_bias=False)


class Block(nn.Cell):
    """Two convolutions of 3 by 3, each with a norm, beside what goes in."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = _convolution(before, after, 3, stride), nn.BatchNorm2d(after)
        self.conv2, self.bn2 = _convolution(after, after, 3), nn.BatchNorm2d(after)
        self.relu, self.shorter = nn.ReLU(), before != after
        if self.shorter:
            self.downsample = nn.SequentialCell(_convolution(before, after, 1, stride), nn.BatchNorm2d(after))

    def construct(self, x: Tensor) -> Tensor:
        beside = self.downsample(x) if self.shorter else x
        x = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(x)) + beside)


class ResNet(nn.Cell):
    """[N, 3, H, W] float32 to [N, 1000] logits."""

    def __init__(self, variant: str) -> None:
        super().__init__()
        self.conv1, self.bn1 = _convolution(3, WIDTHS[0], 7, 2), nn.BatchNorm2d(WIDTHS[0])
        self.relu, self.pool = nn.ReLU(), nn.MaxPool2d(3, 2)
        # zeros beside values that are not below 0; the pooling's own filling is not among what MindSpore exports
        self.around = ops.Pad(((0, 0), (0, 0), (1, 1), (1, 1)))
        one, two, three, four = BLOCKS[variant]
        self.layer1 = _layer(WIDTHS[0], WIDTHS[0], one, 1)
        self.layer2 = _layer(WIDTHS[0], WIDTHS[1], two, 2)
        self.layer3 = _layer(WIDTHS[1], WIDTHS[2], three, 2)
        self.layer4 = _layer(WIDTHS[2], WIDTHS[3], four, 2)
        self.fc = nn.Dense(WIDTHS[3], CLASSES)
        self.mean = ops.ReduceMean()
        for parameter in self.get_parameters():
            place, _, kind = parameter.name.rpartition(".")
            parameter.name = f"{place}.{_NORM.get(kind, kind)}"

    def construct(self, x: Tensor) -> Tensor:
        x = self.pool(self.around(self.relu(self.bn1(self.conv1(x)))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.mean(x, (2, 3)))


def _layer(before: int, after: int, blocks: int, stride: int) -> nn.SequentialCell:
    return nn.SequentialCell(Block(before, after, stride), *(Block(after, after, 1) for _ in range(1, blocks)))
