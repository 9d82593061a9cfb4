"""YOLOv5, written after what its documentation says of the structure (version 6): a backbone of cross-stage blocks,
fast pyramid pooling, and maps of three strides that are led from the coarsest to the finest and back."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from zoo.libraries.yolo import conv_block, head

POOLED = 5  # side of the window of a maximum; twice and three times in a row, it is one of 9 and of 13


def block(inputs: int, outputs: int, kernel: int = 1, stride: int = 1) -> nn.Sequential:
    """Convolution, batch norm, SiLU."""
    layers: nn.Sequential = conv_block(inputs, outputs, kernel, stride, nn.SiLU())
    return layers


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3; with `shortcut`, added to the input."""

    def __init__(self, channels: int, shortcut: bool) -> None:
        super().__init__()
        self.narrow, self.widen = block(channels, channels), block(channels, channels, 3)
        self.shortcut = shortcut

    def forward(self, maps: Tensor) -> Tensor:
        found: Tensor = self.widen(self.narrow(maps))
        return maps + found if self.shortcut else found


class CrossStage(nn.Module):
    """ "C3": half of the channels pass bottlenecks, half pass by; both meet in a third convolution."""

    def __init__(self, inputs: int, outputs: int, depth: int, shortcut: bool = True) -> None:
        super().__init__()
        half = outputs // 2
        self.through, self.beside = block(inputs, half), block(inputs, half)
        self.bottlenecks = nn.Sequential(*(Bottleneck(half, shortcut) for _ in range(depth)))
        self.mix = block(2 * half, outputs)

    def forward(self, maps: Tensor) -> Tensor:
        found: Tensor = self.mix(torch.cat([self.bottlenecks(self.through(maps)), self.beside(maps)], 1))
        return found


class Pooling(nn.Module):
    """ "SPPF": what stands in the surroundings of each cell, small ones and larger ones."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.narrow = block(channels, channels // 2)
        self.largest = nn.MaxPool2d(POOLED, 1, POOLED // 2)
        self.mix = block(channels // 2 * 4, channels)

    def forward(self, maps: Tensor) -> Tensor:
        seen = [self.narrow(maps)]
        for _ in range(3):
            seen.append(self.largest(seen[-1]))
        found: Tensor = self.mix(torch.cat(seen, 1))
        return found


class Backbone(nn.Module):
    """Pictures to the maps of strides 8, 16 and 32."""

    def __init__(self, channels: Sequence[int], depths: Sequence[int]) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, channels[0], 6, 2, 2, bias=False)
        self.begin = nn.Sequential(nn.BatchNorm2d(channels[0]), nn.SiLU())
        self.stages = nn.ModuleList(
            nn.Sequential(block(before, own, 3, 2), CrossStage(own, own, depth))
            for before, own, depth in zip(channels, channels[1:], depths, strict=False)
        )
        self.pooling = Pooling(channels[-1])

    def forward(self, images: Tensor) -> list[Tensor]:
        maps, found = self.begin(self.stem(images)), []
        for stage in self.stages:
            maps = stage(maps)
            found.append(maps)
        return [*found[1:-1], self.pooling(maps)]


class YOLOv5(nn.Module):
    """float32 [N, 3, H, W], RGB 0 to 1, to three maps [N, 3 * (5 + classes), h, w], the coarsest first.

    Args:
        classes: how many there are.
        channels: of the maps of strides 2, 4, 8, 16 and 32, even.
        depths: bottlenecks of the backbone's four stages; the first of them is that of the neck's blocks too.
    """

    def __init__(self, classes: int, channels: Sequence[int], depths: Sequence[int]) -> None:
        super().__init__()
        fine, middle, coarse = channels[2:]
        depth = depths[0]
        self.backbone = Backbone(channels, depths)
        self.from_coarse, self.from_middle = block(coarse, middle), block(middle, fine)
        self.up_middle = CrossStage(2 * middle, middle, depth, shortcut=False)
        self.up_fine = CrossStage(2 * fine, fine, depth, shortcut=False)
        self.to_middle, self.to_coarse = block(fine, fine, 3, 2), block(middle, middle, 3, 2)
        self.down_middle = CrossStage(2 * fine, middle, depth, shortcut=False)
        self.down_coarse = CrossStage(2 * middle, coarse, depth, shortcut=False)
        self.enlarge = nn.Upsample(scale_factor=2, mode="nearest")
        self.heads = nn.ModuleList(head(inputs, classes) for inputs in (coarse, middle, fine))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        fine, middle, coarse = self.backbone(images)
        kept_coarse = self.from_coarse(coarse)
        kept_middle = self.from_middle(self.up_middle(torch.cat([self.enlarge(kept_coarse), middle], 1)))
        fine = self.up_fine(torch.cat([self.enlarge(kept_middle), fine], 1))
        middle = self.down_middle(torch.cat([self.to_middle(fine), kept_middle], 1))
        coarse = self.down_coarse(torch.cat([self.to_coarse(middle), kept_coarse], 1))
        return tuple(head(maps) for head, maps in zip(self.heads, (coarse, middle, fine), strict=True))
