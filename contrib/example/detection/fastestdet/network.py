"""FastestDet after its authors' description, in PyTorch, with the parameter names of their weights.

ShuffleNetV2 gives maps at strides 8, 16 and 32. They meet at stride 16, pass separable 5 x 5 convolutions one, two and
three deep, and end in three small branches: there is one map of boxes, and no anchor.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

STAGES = {"stage2": (24, 4), "stage3": (48, 8), "stage4": (96, 4)}  # channels of a half, units
WIDTH = 96  # channels of neck and head


def _norm(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """A convolution that keeps the size, but for its stride, and its batch norm."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return [convolution, nn.BatchNorm2d(outputs)]


def _depthwise(width: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    return _norm(width, width, kernel, stride, groups=width)


class Named(nn.Module):
    """Layers under one name, as the weights have them."""

    def __init__(self, name: str, layers: list[nn.Module]) -> None:
        super().__init__()
        self.name = name
        self.add_module(name, nn.Sequential(*layers))

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.get_submodule(self.name)(x)
        return found


class Unit(nn.Module):
    """A unit of ShuffleNetV2: every second channel passes by, the others are convolved; the first one of a stage
    convolves all of them twice, and halves height and width."""

    def __init__(self, width: int, first: bool) -> None:
        super().__init__()
        stride = 2 if first else 1
        self.first = first
        self.branch_main = nn.Sequential(
            *_norm(width, width, 1),
            nn.ReLU(),
            *_depthwise(width, 3, stride),
            *_norm(width, width, 1),
            nn.ReLU(),
        )
        if first:
            self.branch_proj = nn.Sequential(*_depthwise(width, 3, stride), *_norm(width, width, 1), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        if self.first:
            return torch.cat([self.branch_proj(x), self.branch_main(x)], 1)
        return torch.cat([x[:, ::2], self.branch_main(x[:, 1::2])], 1)


class Backbone(nn.Module):
    """[N, 3, H, W] to maps of 48, 96 and 192 channels at strides 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        self.first_conv = nn.Sequential(*_norm(3, 24, 3, 2), nn.ReLU())
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        for name, (width, count) in STAGES.items():
            self.add_module(name, nn.Sequential(*(Unit(width, number == 0) for number in range(count))))

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = [self.maxpool(self.first_conv(x))]
        for name in STAGES:
            maps.append(self.get_submodule(name)(maps[-1]))
        return maps[1:]


class Pyramid(nn.Module):
    """Sums up what 5 x 5 convolutions see that stand one, two and three deep."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.Conv1x1 = Named("conv1x1", [*_norm(inputs, WIDTH, 1), nn.ReLU()])
        self.S1, self.S2, self.S3 = (
            nn.Sequential(*(layer for _ in range(depth) for layer in (*_depthwise(WIDTH, 5), nn.ReLU())))
            for depth in (1, 2, 3)
        )
        self.output = nn.Sequential(*_norm(3 * WIDTH, WIDTH, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.Conv1x1(x)
        seen = torch.cat([self.S1(x), self.S2(x), self.S3(x)], 1)
        return torch.relu(x + self.output(seen))


class Head(nn.Module):
    """[N, 1 + 4 + classes, H, W]: probability of an object, raw box, probabilities of the classes, which sum to 1."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv1x1 = Named("conv1x1", [*_norm(WIDTH, WIDTH, 1), nn.ReLU()])
        self.obj_layers, self.reg_layers, self.cls_layers = (
            Named("conv5x5", [*_depthwise(WIDTH, 5), nn.ReLU(), *_norm(WIDTH, count, 1)]) for count in (1, 4, classes)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1x1(x)
        objects, boxes, classes = self.obj_layers(x), self.reg_layers(x), self.cls_layers(x)
        return torch.cat([objects.sigmoid(), boxes, classes.softmax(1)], 1)


class FastestDet(nn.Module):
    """[N, 3, H, W], BGR from 0 to 1, H and W multiples of 32, to one map of H/16 x W/16; see `Head`."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.backbone = Backbone()
        self.shrink = nn.AvgPool2d(3, 2, 1)
        self.grow = nn.Upsample(scale_factor=2, mode="nearest")
        self.SPP = Pyramid(2 * sum(width for width, _ in STAGES.values()))
        self.detect_head = Head(classes)

    def forward(self, x: Tensor) -> Any:
        fine, middle, coarse = self.backbone(x)
        return self.detect_head(self.SPP(torch.cat([self.shrink(fine), middle, self.grow(coarse)], 1)))
