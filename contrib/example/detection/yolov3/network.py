"""YOLOv3 after the paper (Redmon and Farhadi, 2018): a backbone, and heads on maps of strides 32, 16 and 8.

Layers are defined in the order of the authors' cfg file, in which their weights lie.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from zoo.libraries.yolo import conv_block, head, last_maps, mixing, residual


class Darknet(nn.Module):
    """Pictures to the maps of strides 8, 16 and 32.

    Args:
        first: channels of the first convolution; each of five stages has twice as many as the one before.
        units: residual units of each stage.
    """

    def __init__(self, first: int = 32, units: Sequence[int] = (1, 2, 8, 8, 4)) -> None:
        super().__init__()
        self.stem = conv_block(3, first, 3)
        self.stages = nn.ModuleList()
        for number, count in enumerate(units):
            channels = first * 2 ** (number + 1)
            residuals = [residual(channels, channels // 2) for _ in range(count)]
            self.stages.append(nn.Sequential(conv_block(channels // 2, channels, 3, 2), *residuals))
        self.channels = tuple(first * 2**number for number in (3, 4, 5))

    def forward(self, images: Tensor) -> list[Tensor]:
        return last_maps(self.stem, self.stages, images)


class Head(nn.Module):
    """One map to its boxes. Where a coarser head is before it, what that saw is enlarged and put before the map."""

    def __init__(self, before: int, inputs: int, width: int, classes: int) -> None:
        super().__init__()
        self.route = conv_block(before, width, 1) if before else None
        mixed = inputs + (width if before else 0)
        self.mix = mixing(mixed, width, 5)
        self.widen = conv_block(width, 2 * width, 3)
        self.out = head(2 * width, classes)

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
            heads.append(Head(before, channels, channels // 2, classes))
            before = channels // 2
        self.heads = nn.ModuleList(heads)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        coarser, found = None, []
        for one, maps in zip(self.heads, reversed(self.backbone(images)), strict=True):
            boxes, coarser = one(maps, coarser)
            found.append(boxes)
        return tuple(found)
