"""YOLOv3 after the paper (Redmon and Farhadi, 2018): a backbone, and heads on maps of strides 32, 16 and 8.

torch is needed to call it, not to import it. Layers are defined in the order of the authors' cfg file, in which their
weights lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from zoo.libraries.yolo import conv_block, head, last_maps, mixing, residual

WIDTHS = (32, 64, 128, 256, 512, 1024)


def darknet(widths: Sequence[int] = WIDTHS, units: Sequence[int] = (1, 2, 8, 8, 4)) -> Any:
    """Pictures to the maps of strides 8, 16 and 32; `channels` of the module says how many they have.

    Args:
        widths: channels of the first convolution, and of each of five stages.
        units: residual units of each stage.
    """
    from torch import nn

    class Darknet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = conv_block(3, widths[0], 3)
            self.stages = nn.ModuleList()
            for (before, channels), count in zip(pairwise(widths), units, strict=True):
                residuals = [residual(channels, channels // 2) for _ in range(count)]
                self.stages.append(nn.Sequential(conv_block(before, channels, 3, 2), *residuals))
            self.channels = tuple(widths[-3:])

        def forward(self, images: Any) -> list[Any]:
            return last_maps(self.stem, self.stages, images)

    return Darknet()


def resnet18() -> Any:
    """ResNet-18 of torchvision: pictures to its maps of strides 8, 16 and 32."""
    from torch import nn
    from torchvision import models

    class Maps(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            made = models.resnet18(weights=None)
            self.stem = nn.Sequential(made.conv1, made.bn1, made.relu, made.maxpool)
            self.stages = nn.ModuleList([made.layer1, made.layer2, made.layer3, made.layer4])
            self.channels = (128, 256, 512)

        def forward(self, images: Any) -> list[Any]:
            return last_maps(self.stem, self.stages, images)

    return Maps()


def one_head(before: int, inputs: int, width: int, classes: int) -> Any:
    """One map, and what a coarser head saw, to its boxes, and to what the next head is given.

    Args:
        before: channels of what the coarser head saw, which is enlarged and put before the map; 0 where there is none.
        inputs, width: channels of the map, and of what is made of it.
    """
    import torch
    from torch import nn

    class Head(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.route = conv_block(before, width, 1) if before else None
            mixed = inputs + (width if before else 0)
            self.mix = mixing(mixed, width, 5)
            self.widen = conv_block(width, 2 * width, 3)
            self.out = head(2 * width, classes)

        def forward(self, maps: Any, coarser: Any) -> tuple[Any, Any]:
            if self.route is not None and coarser is not None:
                enlarged = nn.functional.interpolate(self.route(coarser), scale_factor=2.0, mode="nearest")
                maps = torch.cat([enlarged, maps], dim=1)
            mixed = self.mix(maps)
            return self.out(self.widen(mixed)), mixed

    return Head()


def yolov3(backbone: Any, classes: int) -> Any:
    """float32 [N, 3, H, W], RGB 0 to 1, to three maps [N, 3 * (5 + classes), h, w], the coarsest first.

    Args:
        backbone: such as `darknet` gives.
        classes: how many kinds of objects there are.
    """
    from torch import nn

    class YOLOv3(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone = backbone
            heads, before = [], 0
            for channels in reversed(backbone.channels):
                heads.append(one_head(before, channels, channels // 2, classes))
                before = channels // 2
            self.heads = nn.ModuleList(heads)

        def forward(self, images: Any) -> tuple[Any, ...]:
            coarser, found = None, []
            for one, maps in zip(self.heads, reversed(self.backbone(images)), strict=True):
                boxes, coarser = one(maps, coarser)
                found.append(boxes)
            return tuple(found)

    return YOLOv3()
