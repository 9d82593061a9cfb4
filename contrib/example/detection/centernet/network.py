"""CenterNet after the paper (Zhou et al., Objects as Points, 2019): a residual network, three steps back up, and three
heads at a quarter of the picture's size. Parameter names are those of MMDetection's weights."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock

PRIOR = 0.1  # what every cell says of being a centre before training


class Backbone(nn.Module):
    """Pictures to a map of stride 32, as torchvision's residual networks of small blocks.

    Args:
        channels: of the first convolution and of each of the four stages.
        blocks: of each stage.
    """

    def __init__(self, channels: Sequence[int], blocks: Sequence[int]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, channels[0], 7, 2, 3, bias=False)
        self.bn1, self.relu, self.maxpool = nn.BatchNorm2d(channels[0]), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        for number, (before, own, count) in enumerate(zip(channels, channels[1:], blocks, strict=False), 1):
            self.add_module(f"layer{number}", stage(before, own, count, 1 if number == 1 else 2))
        self.stages = len(blocks)

    def forward(self, images: Tensor) -> Tensor:
        maps: Tensor = self.maxpool(self.relu(self.bn1(self.conv1(images))))
        for number in range(1, self.stages + 1):
            maps = self.get_submodule(f"layer{number}")(maps)
        return maps


def stage(before: int, channels: int, count: int, stride: int) -> nn.Sequential:
    """Residual blocks, the first of which changes channels and size."""
    fitted = None
    if stride > 1 or before != channels:
        fitted = nn.Sequential(nn.Conv2d(before, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))
    blocks = [BasicBlock(before, channels, stride, fitted)]
    return nn.Sequential(*blocks, *(BasicBlock(channels, channels) for _ in range(count - 1)))


class Step(nn.Module):
    """A convolution, or one that doubles the size, its norm and ReLU."""

    def __init__(self, inputs: int, outputs: int, up: bool) -> None:
        super().__init__()
        self.conv: nn.Module = (
            nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)
            if up
            else nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        )
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, maps: Tensor) -> Tensor:
        return torch.relu(self.bn(self.conv(maps)))


class Neck(nn.Module):
    """A map of stride 32 to one of stride 4."""

    def __init__(self, inputs: int, channels: Sequence[int]) -> None:
        super().__init__()
        steps = []
        for before, own in zip((inputs, *channels), channels, strict=False):
            steps += [Step(before, own, up=False), Step(own, own, up=True)]
        self.deconv_layers = nn.Sequential(*steps)

    def forward(self, maps: Tensor) -> Tensor:
        found: Tensor = self.deconv_layers(maps)
        return found


class Heads(nn.Module):
    """A map to the logits of centres, to sizes, and to offsets."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.heatmap_head, self.wh_head, self.offset_head = (branch(channels, count) for count in (classes, 2, 2))
        nn.init.constant_(self.heatmap_head[-1].bias, math.log(PRIOR / (1 - PRIOR)))  # type: ignore[arg-type]

    def forward(self, maps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.heatmap_head(maps), self.wh_head(maps), self.offset_head(maps)


def branch(channels: int, outputs: int) -> nn.Sequential:
    """One head."""
    return nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(), nn.Conv2d(channels, outputs, 1))


class CenterNet(nn.Module):
    """float32 [N, 3, H, W], RGB, normalised, H and W multiples of 32, to three maps of H/4 x W/4: the probability of
    each class's centres, width and height in cells, x and y from the cell's corner to the centre.

    Args:
        classes: how many there are.
        channels, blocks: of the backbone.
        neck: channels of the three steps up.
    """

    def __init__(self, classes: int, channels: Sequence[int], blocks: Sequence[int], neck: Sequence[int]) -> None:
        super().__init__()
        self.backbone = Backbone(channels, blocks)
        self.neck = Neck(channels[-1], neck)
        self.bbox_head = Heads(neck[-1], classes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        logits, sizes, offsets = self.raw(images)
        return logits.sigmoid(), sizes, offsets

    def raw(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """As `forward`, with the logits of the centres."""
        found: tuple[Tensor, Tensor, Tensor] = self.bbox_head(self.neck(self.backbone(images)))
        return found
