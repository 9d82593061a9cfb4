"""CNN&CTC after Baek et al. (2019): the ResNet of FAN (Cheng et al., 2017) reads a word, a linear layer scores each
column. Imported by `model.build` only, since it needs torch.

The names in the state dict are those of the authors' published weights (None-ResNet-None-CTC).
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn


@dataclass(frozen=True)
class Shape:
    """Channels of the two first convolutions and of the four stages, and residual blocks of each stage."""

    stem: tuple[int, int] = (32, 64)
    stages: tuple[int, int, int, int] = (128, 256, 512, 512)
    blocks: tuple[int, int, int, int] = (1, 2, 5, 3)


class Block(nn.Module):
    """Two convolutions whose result is added to what they were given; 1 x 1 where the channels differ."""

    def __init__(self, before: int, channels: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = _convolution(before, channels), nn.BatchNorm2d(channels)
        self.conv2, self.bn2 = _convolution(channels, channels), nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.downsample = None
        if before != channels:
            self.downsample = nn.Sequential(nn.Conv2d(before, channels, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, maps: Tensor) -> Tensor:
        kept = maps if self.downsample is None else self.downsample(maps)
        return self.relu(kept + self.bn2(self.conv2(self.relu(self.bn1(self.conv1(maps))))))


class CnnCtc(nn.Module):
    """[N, 1, 32, W] float32, -1 to 1, to [N, W // 4 + 1, classes] scores, class 0 CTC's blank."""

    def __init__(self, shape: Shape, classes: int) -> None:
        super().__init__()
        self.FeatureExtraction = nn.ModuleDict({"ConvNet": _layers(shape)})
        self.Prediction = nn.Linear(shape.stages[-1], classes)

    def forward(self, pictures: Tensor) -> Tensor:
        maps = self.FeatureExtraction["ConvNet"](pictures)
        return self.Prediction(maps.mean(2).transpose(1, 2))


def _convolution(before: int, channels: int, size: int = 3, **how: Any) -> nn.Conv2d:
    return nn.Conv2d(before, channels, size, bias=False, **({"padding": size // 2} | how))


def _layers(shape: Shape) -> nn.Sequential:
    """The whole of the feature extractor; its height is 1 at the end, for pictures 32 pixels high."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()

    def add(name: str, before: int, channels: int, size: int = 3, **how: Any) -> None:
        layers[f"conv{name}"] = _convolution(before, channels, size, **how)
        layers[f"bn{name}"] = nn.BatchNorm2d(channels)
        layers[f"relu{name}"] = nn.ReLU()

    add("0_1", 1, shape.stem[0])
    add("0_2", *shape.stem)
    before = shape.stem[1]
    for number, (channels, count) in enumerate(zip(shape.stages, shape.blocks, strict=True), start=1):
        if number < 3:
            layers[f"maxpool{number}"] = nn.MaxPool2d(2, 2)
        elif number == 3:
            layers["maxpool3"] = nn.MaxPool2d(2, (2, 1), (0, 1))
        stage = [Block(before if index == 0 else channels, channels) for index in range(count)]
        layers[f"layer{number}"] = nn.Sequential(*stage)
        if number < 4:
            add(str(number), channels, channels)
        before = channels
    add("4_1", before, before, 2, stride=(2, 1), padding=(0, 1))
    add("4_2", before, before, 2, padding=0)
    return nn.Sequential(layers)
