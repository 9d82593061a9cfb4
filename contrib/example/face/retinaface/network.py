"""RetinaFace in PyTorch: a backbone, a pyramid of three maps, context modules, and heads for class, box and points.

After Deng et al., RetinaFace: Single-stage Dense Face Localisation in the Wild, 2019. Names are those of the published
PyTorch weights (https://github.com/biubug6/Pytorch_Retinaface).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn

BOXES = 2  # that stand for a cell
SURE = 4.0  # by which the logit of "no face" is above that of "face" in a new network


def layer(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, leak: float | None = 0.0) -> nn.Sequential:
    """Convolution, norm, and a ReLU with `leak`; without one where that is None."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    relu = [] if leak is None else [nn.LeakyReLU(leak)]
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), *relu)


def separable(inputs: int, outputs: int, stride: int, leak: float = 0.1) -> nn.Sequential:
    """A convolution of each channel alone, and one of all; norm and a leaky ReLU behind each."""
    alone = nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False)
    return nn.Sequential(alone, nn.BatchNorm2d(inputs), nn.LeakyReLU(leak), *layer(inputs, outputs, 1, 1, leak))


class MobileNet(nn.Module):
    """MobileNetV1 of a quarter of the width: maps of strides 8, 16 and 32, with 64, 128 and 256 channels."""

    def __init__(self) -> None:
        super().__init__()
        self.stage1 = nn.Sequential(
            layer(3, 8, 3, 2, 0.1),
            separable(8, 16, 1),
            separable(16, 32, 2),
            separable(32, 32, 1),
            separable(32, 64, 2),
            separable(64, 64, 1),
        )
        self.stage2 = nn.Sequential(separable(64, 128, 2), *(separable(128, 128, 1) for _ in range(5)))
        self.stage3 = nn.Sequential(separable(128, 256, 2), separable(256, 256, 1))

    def forward(self, x: Tensor) -> OrderedDict[str, Tensor]:
        one = self.stage1(x)
        two = self.stage2(one)
        return OrderedDict([("1", one), ("2", two), ("3", self.stage3(two))])


def resnet50() -> Any:
    """torchvision's ResNet-50 without its classifier: maps of strides 8, 16, 32, with 512, 1,024, 2,048 channels."""
    from torchvision.models import resnet50 as network
    from torchvision.models._utils import IntermediateLayerGetter

    return IntermediateLayerGetter(network(weights=None), {"layer2": "1", "layer3": "2", "layer4": "3"})


class Pyramid(nn.Module):
    """Three maps of equal channels, the coarse ones added to the finer ones."""

    def __init__(self, channels: tuple[int, int, int], width: int, leak: float) -> None:
        super().__init__()
        self.output1, self.output2, self.output3 = (layer(count, width, 1, 1, leak) for count in channels)
        self.merge1, self.merge2 = layer(width, width, leak=leak), layer(width, width, leak=leak)
        self.grow = nn.Upsample(scale_factor=2, mode="nearest")

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        three = self.output3(maps[2])
        two = self.merge2(self.output2(maps[1]) + self.grow(three))
        return [self.merge1(self.output1(maps[0]) + self.grow(two)), two, three]


class Context(nn.Module):
    """What 3 x 3, 5 x 5 and 7 x 7 pixels show, side by side (SSH)."""

    def __init__(self, width: int, leak: float) -> None:
        super().__init__()
        half, quarter = width // 2, width // 4
        self.conv3X3 = layer(width, half, leak=None)
        self.conv5X5_1 = layer(width, quarter, leak=leak)
        self.conv5X5_2 = layer(quarter, quarter, leak=None)
        self.conv7X7_2 = layer(quarter, quarter, leak=leak)
        self.conv7x7_3 = layer(quarter, quarter, leak=None)

    def forward(self, x: Tensor) -> Tensor:
        wider = self.conv5X5_1(x)
        seen = [self.conv3X3(x), self.conv5X5_2(wider), self.conv7x7_3(self.conv7X7_2(wider))]
        return torch.cat(seen, dim=1).relu()


class Head(nn.Module):
    """`numbers` of each box that stands for a cell: [N, cells x boxes, numbers]."""

    def __init__(self, width: int, numbers: int) -> None:
        super().__init__()
        self.numbers = numbers
        self.conv1x1 = nn.Conv2d(width, BOXES * numbers, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv1x1(x).permute(0, 2, 3, 1).flatten(1).unflatten(1, (-1, self.numbers))


class RetinaFace(nn.Module):
    """[N, 3, H, W], blue, green, red less their means, H and W multiples of 32, to the boxes of all cells.

    boxes [N, boxes, 4] and landmarks [N, boxes, 10], relative to the boxes that stand for the cells; scores
    [N, boxes, 2], probabilities of "no face" and "face".

    Args:
        backbone: gives three maps.
        channels: of these maps.
        width: channels of the pyramid.
    """

    def __init__(self, backbone: nn.Module, channels: tuple[int, int, int], width: int) -> None:
        super().__init__()
        leak = 0.1 if width <= 64 else 0.0
        self.body = backbone
        self.fpn = Pyramid(channels, width, leak)
        self.ssh1, self.ssh2, self.ssh3 = (Context(width, leak) for _ in range(3))
        told, boxes, points = ([Head(width, numbers) for _ in range(3)] for numbers in (2, 4, 10))
        self.ClassHead, self.BboxHead, self.LandmarkHead = (nn.ModuleList(heads) for heads in (told, boxes, points))
        # Random heads call every other cell a face, and roundings decide which. Whoever loads weights replaces these.
        with torch.no_grad():
            for head in told:
                head.conv1x1.weight.mul_(0.1)
                head.conv1x1.bias = nn.Parameter(torch.tensor([SURE, 0.0] * BOXES))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        maps = self.fpn(list(self.body(x).values()))
        maps = [context(one) for context, one in zip((self.ssh1, self.ssh2, self.ssh3), maps, strict=True)]
        told = [
            torch.cat([head(one) for head, one in zip(heads, maps, strict=True)], dim=1)
            for heads in (self.BboxHead, self.ClassHead, self.LandmarkHead)
        ]
        return told[0], told[1].softmax(-1), told[2]


def network(variant: str) -> RetinaFace:
    """The network of a variant."""
    if variant == "retinaface_resnet50":
        return RetinaFace(resnet50(), (512, 1024, 2048), 256)
    return RetinaFace(MobileNet(), (64, 128, 256), 64)
