"""PFLD after the paper (Guo et al., 2019), table 1. Imported by `model.build` only, since it needs torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def _convolution(before: int, channels: int, size: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, channels, size, stride, size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
    )


class Bottleneck(nn.Module):
    """MobileNetV2's: wider by `factor`, a convolution of each channel alone, narrow again; added to what it was given
    where neither size nor channels change."""

    def __init__(self, before: int, channels: int, stride: int, factor: int) -> None:
        super().__init__()
        wide = before * factor
        self.layers = nn.Sequential(
            _convolution(before, wide, 1),
            _convolution(wide, wide, 3, stride, groups=wide),
            nn.Conv2d(wide, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )
        self.added = stride == 1 and before == channels

    def forward(self, maps: Tensor) -> Tensor:
        return maps + self.layers(maps) if self.added else self.layers(maps)


def _bottlenecks(before: int, channels: int, count: int, stride: int, factor: int) -> nn.Sequential:
    first = Bottleneck(before, channels, stride, factor)
    return nn.Sequential(first, *(Bottleneck(channels, channels, 1, factor) for _ in range(count - 1)))


class Pfld(nn.Module):
    """[N, 3, 112, 112] float32 to [N, 2 x points], x and y of each, 0 to 1 in the input.

    Maps of three sizes (the paper's S1, S2 and S3) are looked at together: the means of the first two, and the last,
    which is one cell.

    Args:
        points: how many.
        width: what the paper's channels are multiplied by.
    """

    def __init__(self, points: int, width: float = 1.0) -> None:
        super().__init__()
        few, some, many, wide = (max(round(channels * width), 4) for channels in (16, 32, 64, 128))
        self.early = many  # channels of the maps that the auxiliary network looks at
        self.stem = nn.Sequential(_convolution(3, many, 3, 2), _convolution(many, many, 3, groups=many))
        self.first = _bottlenecks(many, many, 5, 2, 2)
        self.middle = nn.Sequential(
            _bottlenecks(many, wide, 1, 2, 2), _bottlenecks(wide, wide, 6, 1, 4), _bottlenecks(wide, few, 1, 1, 2)
        )
        self.second = _convolution(few, some, 3, 2)
        self.third = nn.Sequential(nn.Conv2d(some, wide, 7, bias=False), nn.BatchNorm2d(wide), nn.ReLU())
        self.places = nn.Linear(few + some + wide, 2 * points)
        nn.init.constant_(self.places.bias, 0.5)

    def forward(self, faces: Tensor) -> Tensor:
        return self.both(faces)[0]

    def both(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        """(places, the maps [N, early, 28, 28] that the auxiliary network looks at)."""
        early = self.first(self.stem(faces))
        one = self.middle(early)
        two = self.second(one)
        three = self.third(two)
        return self.places(torch.cat([one.mean((2, 3)), two.mean((2, 3)), three.flatten(1)], dim=1)), early


class Auxiliary(nn.Module):
    """The paper's second network, table 2: maps [N, early, 28, 28] to yaw, pitch and roll. Training alone needs it."""

    def __init__(self, early: int, width: float = 1.0) -> None:
        super().__init__()
        some, wide = (max(round(channels * width), 4) for channels in (32, 128))
        self.layers = nn.Sequential(
            _convolution(early, wide, 3, 2),
            _convolution(wide, wide, 3),
            _convolution(wide, some, 3, 2),
            nn.Conv2d(some, wide, 7),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(wide, some),
            nn.ReLU(),
            nn.Linear(some, 3),
        )

    def forward(self, maps: Tensor) -> Tensor:
        return self.layers(maps)
