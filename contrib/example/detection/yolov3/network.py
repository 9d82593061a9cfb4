"""YOLOv3 after the paper (Redmon and Farhadi, 2018): a backbone, and heads on maps of strides 32, 16 and 8.

Layers are defined in the order of the authors' cfg file, in which their weights lie.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

PRIOR = 0.01  # what every box says of there being an object before training


class ConvBlock(nn.Module):
    """Convolution without bias, batch norm, leaky ReLU; an odd kernel keeps the size, divided by `stride`."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.activation = nn.LeakyReLU(0.1)

    def forward(self, maps: Tensor) -> Tensor:
        return self.activation(self.norm(self.conv(maps)))


class Residual(nn.Module):
    """1 x 1 to half the channels, 3 x 3 back, added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze, self.widen = ConvBlock(channels, channels // 2, 1), ConvBlock(channels // 2, channels, 3)

    def forward(self, maps: Tensor) -> Tensor:
        return maps + self.widen(self.squeeze(maps))


class Darknet(nn.Module):
    """Pictures to the maps of strides 8, 16 and 32.

    Args:
        first: channels of the first convolution; each of five stages has twice as many as the one before.
        units: residual units of each stage.
    """

    def __init__(self, first: int = 32, units: Sequence[int] = (1, 2, 8, 8, 4)) -> None:
        super().__init__()
        self.stem = ConvBlock(3, first, 3)
        self.stages = nn.ModuleList()
        for number, count in enumerate(units):
            channels = first * 2 ** (number + 1)
            residuals = [Residual(channels) for _ in range(count)]
            self.stages.append(nn.Sequential(ConvBlock(channels // 2, channels, 3, 2), *residuals))
        self.channels = tuple(first * 2**number for number in (3, 4, 5))

    def forward(self, images: Tensor) -> list[Tensor]:
        maps, found = self.stem(images), []
        for stage in self.stages:
            maps = stage(maps)
            found.append(maps)
        return found[-3:]


class Head(nn.Module):
    """One map to its boxes. Where a coarser head is before it, what that saw is enlarged and put before the map."""

    def __init__(self, before: int, inputs: int, width: int, outputs: int) -> None:
        super().__init__()
        self.route = ConvBlock(before, width, 1) if before else None
        mixed = inputs + (width if before else 0)
        self.mix = nn.Sequential(
            ConvBlock(mixed, width, 1),
            ConvBlock(width, 2 * width, 3),
            ConvBlock(2 * width, width, 1),
            ConvBlock(width, 2 * width, 3),
            ConvBlock(2 * width, width, 1),
        )
        self.widen = ConvBlock(width, 2 * width, 3)
        self.out = nn.Conv2d(2 * width, outputs, 1)

    def forward(self, maps: Tensor, coarser: Tensor | None) -> tuple[Tensor, Tensor]:
        """(boxes, what the next head is given)."""
        if self.route is not None and coarser is not None:
            enlarged = nn.functional.interpolate(self.route(coarser), scale_factor=2.0, mode="nearest")
            maps = torch.cat([enlarged, maps], dim=1)
        mixed = self.mix(maps)
        return self.out(self.widen(mixed)), mixed


class YOLOv3(nn.Module):
    """float32 [N, 3, H, W], RGB 0 to 1, to three maps [N, 3 * (5 + classes), h, w], the coarsest first."""

    def __init__(self, backbone: Darknet, classes: int) -> None:
        super().__init__()
        self.backbone = backbone
        heads, before = [], 0
        for channels in reversed(backbone.channels):
            heads.append(Head(before, channels, channels // 2, 3 * (5 + classes)))
            before = channels // 2
        self.heads = nn.ModuleList(heads)
        for head in heads:  # so that random boxes are not alike, and an object is as rare as in a picture
            nn.init.normal_(head.out.weight, std=head.out.in_channels**-0.5)
            bias: Any = head.out.bias
            nn.init.zeros_(bias)
            nn.init.constant_(bias.view(3, -1)[:, 4], math.log(PRIOR / (1 - PRIOR)))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        coarser, found = None, []
        for head, maps in zip(self.heads, reversed(self.backbone(images)), strict=True):
            boxes, coarser = head(maps, coarser)
            found.append(boxes)
        return tuple(found)
