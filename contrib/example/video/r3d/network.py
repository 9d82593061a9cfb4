"""A narrow R3D, put together from torchvision's blocks."""

from __future__ import annotations

from typing import Any

from torch import nn
from torchvision.models.video.resnet import BasicBlock, Conv3DSimple

_WIDTHS = (16, 24, 32)


def narrow(classes: int) -> Any:
    """float32 [N, 3, T, H, W] to logits [N, classes]."""
    layers: list[nn.Module] = [
        nn.Conv3d(3, _WIDTHS[0], (3, 7, 7), stride=(1, 2, 2), padding=(1, 3, 3), bias=False),
        nn.BatchNorm3d(_WIDTHS[0]),
        nn.ReLU(),
    ]
    before = _WIDTHS[0]
    for number, width in enumerate(_WIDTHS):
        stride = 2 if number else 1
        shorter = nn.Sequential(nn.Conv3d(before, width, 1, stride=stride, bias=False), nn.BatchNorm3d(width))
        layers.append(BasicBlock(before, width, Conv3DSimple, stride, shorter if number else None))
        before = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(before, classes))
