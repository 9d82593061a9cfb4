"""YOLOv4 after the paper (Bochkovskiy et al., 2020): a backbone of cross-stage blocks, pyramid pooling, and maps of
strides 32, 16 and 8 that are led from the coarsest to the finest and back.

Layers are defined in the order of the authors' cfg file, in which their weights lie.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from zoo.libraries.yolo import conv_block, head, last_maps, mixing, residual

POOLED = (13, 9, 5)  # sides of the windows, each of whose maximum is looked at


def mish(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """A block of the backbone."""
    layers: nn.Sequential = conv_block(inputs, outputs, kernel, stride, nn.Mish())
    return layers


class CrossStage(nn.Module):
    """Half as high and wide; then a part of the channels passes residual units, a part passes by, and both meet.

    Args:
        channels: of the result.
        units: how many.
        first: whether it is the first stage, in which both parts have all channels.
    """

    def __init__(self, channels: int, units: int, first: bool) -> None:
        super().__init__()
        part = channels if first else channels // 2
        hidden = channels // 2
        self.down = mish(channels // 2, channels, 3, 2)
        self.beside = mish(channels, part, 1)
        self.through = mish(channels, part, 1)
        self.units = nn.Sequential(*(residual(part, hidden, nn.Mish()) for _ in range(units)))
        self.behind = mish(part, part, 1)
        self.mix = mish(2 * part, channels, 1)

    def forward(self, maps: Tensor) -> Tensor:
        maps = self.down(maps)
        beside, through = self.beside(maps), self.behind(self.units(self.through(maps)))
        found: Tensor = self.mix(torch.cat([through, beside], 1))
        return found


class Backbone(nn.Module):
    """Pictures to the maps of strides 8, 16 and 32.

    Args:
        first: channels of the first convolution; each of five stages has twice as many as the one before.
        units: residual units of each stage.
    """

    def __init__(self, first: int = 32, units: Sequence[int] = (1, 2, 8, 8, 4)) -> None:
        super().__init__()
        self.stem = mish(3, first, 3)
        self.stages = nn.ModuleList(
            CrossStage(first * 2 ** (number + 1), count, number == 0) for number, count in enumerate(units)
        )
        self.channels = tuple(first * 2**number for number in (3, 4, 5))

    def forward(self, images: Tensor) -> list[Tensor]:
        return last_maps(self.stem, self.stages, images)


class Pooling(nn.Module):
    """What stands in the surroundings of each cell, small ones and larger ones, beside the cell itself."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.before, self.behind = mixing(inputs, width, 3), mixing(4 * width, width, 3)
        self.largest = nn.ModuleList(nn.MaxPool2d(side, 1, side // 2) for side in POOLED)

    def forward(self, maps: Tensor) -> Tensor:
        maps = self.before(maps)
        found: Tensor = self.behind(torch.cat([*(largest(maps) for largest in self.largest), maps], 1))
        return found


class Up(nn.Module):
    """What a coarser map says, enlarged, beside the backbone's map of this stride."""

    def __init__(self, coarser: int, inputs: int, width: int) -> None:
        super().__init__()
        self.narrow = conv_block(coarser, width, 1)
        self.lateral = conv_block(inputs, width, 1)
        self.mix = mixing(2 * width, width, 5)

    def forward(self, coarser: Tensor, maps: Tensor) -> Tensor:
        enlarged = nn.functional.interpolate(self.narrow(coarser), scale_factor=2.0, mode="nearest")
        found: Tensor = self.mix(torch.cat([self.lateral(maps), enlarged], 1))
        return found


class Down(nn.Module):
    """What a finer map says, half as high and wide, beside the map of this stride."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.shrink = conv_block(width // 2, width, 3, 2)
        self.mix = mixing(2 * width, width, 5)

    def forward(self, finer: Tensor, maps: Tensor) -> Tensor:
        found: Tensor = self.mix(torch.cat([self.shrink(finer), maps], 1))
        return found


class Head(nn.Module):
    """A map to what it says of its boxes."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.widen, self.out = conv_block(width, 2 * width, 3), head(2 * width, classes)

    def forward(self, maps: Tensor) -> Tensor:
        found: Tensor = self.out(self.widen(maps))
        return found


class YOLOv4(nn.Module):
    """float32 [N, 3, H, W], RGB 0 to 1, to three maps [N, 3 * (5 + classes), h, w], the coarsest first."""

    def __init__(self, backbone: Backbone, classes: int) -> None:
        super().__init__()
        fine, middle, coarse = (channels // 2 for channels in backbone.channels)
        self.backbone = backbone
        self.pooling = Pooling(2 * coarse, coarse)
        self.up_middle, self.up_fine = Up(coarse, 2 * middle, middle), Up(middle, 2 * fine, fine)
        self.head_fine = Head(fine, classes)
        self.down_middle, self.head_middle = Down(middle), Head(middle, classes)
        self.down_coarse, self.head_coarse = Down(coarse), Head(coarse, classes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        fine, middle, coarse = self.backbone(images)
        coarse = self.pooling(coarse)
        middle = self.up_middle(coarse, middle)
        fine = self.up_fine(middle, fine)
        middle = self.down_middle(fine, middle)
        coarse = self.down_coarse(middle, coarse)
        return self.head_coarse(coarse), self.head_middle(middle), self.head_fine(fine)
