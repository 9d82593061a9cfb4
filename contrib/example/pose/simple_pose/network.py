"""SimplePose of pytorchcv, and a narrow one on a backbone of ours."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from torch import nn


class Unit(nn.Module):
    """A convolution whose result is added to what it was given."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.activation = nn.ReLU()

    def forward(self, maps: Any) -> Any:
        return self.activation(maps + self.norm(self.conv(maps)))


def _halved(before: int, channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, channels, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()
    )


def narrow(height: int, width: int, keypoints: int) -> Any:
    """float32 [N, 3, height, width] to [N, keypoints, height / 4, width / 4]."""
    from pytorchcv.models.simplepose_coco import SimplePose

    widths = (3, 16, 24, 48, 64)
    backbone = nn.Sequential()
    for number, (before, channels) in enumerate(pairwise(widths)):
        backbone.append(_halved(before, channels))
        if number:
            backbone.append(Unit(channels))
    backbone.append(Unit(widths[-1]))
    return SimplePose(
        backbone=backbone,
        backbone_out_channels=widths[-1],
        channels=[48, 32],
        return_heatmap=True,
        in_size=(height, width),
        keypoints=keypoints,
    )
