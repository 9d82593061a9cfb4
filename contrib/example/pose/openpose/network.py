"""Lightweight OpenPose of pytorchcv, and a narrow network of ours with the same maps."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from torch import nn

WIDTHS = (16, 24, 40, 48, 56)  # channels behind each halving
UP, HEAD = (40, 32), 48  # channels at strides of 8 and 4, and before the maps
MIDDLE, RANGE = 128.0, 256.0  # what Lightweight OpenPose takes off the pixels, and divides them by


class Pixels(nn.Module):
    """float32 [N, 3, H, W], blue, green, red from 0 to 255, to the maps of a network that takes them normalised."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Any) -> Any:
        return self.network((images - MIDDLE) / RANGE)


class Unit(nn.Module):
    """A convolution whose result is added to what it was given."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)

    def forward(self, maps: Any) -> Any:
        return (maps + self.norm(self.conv(maps))).relu()


def normed(before: int, channels: int, up: bool) -> nn.Sequential:
    """Height and width halved, or doubled; norm and ReLU."""
    layer: nn.Module = nn.Conv2d(before, channels, 3, 2, 1, bias=False)
    if up:
        layer = nn.ConvTranspose2d(before, channels, 4, 2, 1, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(channels), nn.ReLU())


class Narrow(nn.Module):
    """float32 [N, 3, H, W], blue, green, red from 0 to 255, H and W multiples of 32, to [N, channels, H / 4, W / 4].

    Down to a stride of 32, and up again to 4, where the maps from the way down are added.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            nn.Sequential(normed(before, own, up=False), *([Unit(own)] if number else []))
            for number, (before, own) in enumerate(pairwise((3, *WIDTHS)))
        )
        way = (WIDTHS[-1], WIDTHS[-2], *UP)
        self.up = nn.ModuleList(normed(before, own, up=True) for before, own in pairwise(way))
        self.beside = nn.ModuleList(
            nn.Conv2d(own, to, 1) for own, to in zip(reversed(WIDTHS[1:-1]), way[1:], strict=True)
        )
        self.head = nn.Sequential(nn.Conv2d(UP[-1], HEAD, 3, padding=1), nn.ReLU(), nn.Conv2d(HEAD, channels, 1))

    def forward(self, images: Any) -> Any:
        levels, maps = [], (images - MIDDLE) / RANGE
        for layer in self.down:
            maps = layer(maps)
            levels.append(maps)
        maps = levels.pop()
        for up, beside in zip(self.up, self.beside, strict=True):
            maps = up(maps) + beside(levels.pop())
        return self.head(maps)
