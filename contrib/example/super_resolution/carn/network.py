"""CARN-M after the paper, in PyTorch: cascading residual blocks, grouped convolutions, the authors' parameter names."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from torch import nn

WIDTH, GROUPS = 64, 4


def _joined(blocks: int) -> nn.Module:
    """A 1 x 1 convolution over so many feature maps side by side, with its ReLU."""
    return nn.ModuleDict({"body": nn.Sequential(nn.Conv2d(WIDTH * blocks, WIDTH, 1), nn.ReLU())})


class EfficientResidual(nn.Module):
    """Two grouped 3 x 3 convolutions and a pointwise one, added to what came in."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=GROUPS),
            nn.ReLU(),
            nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=GROUPS),
            nn.ReLU(),
            nn.Conv2d(WIDTH, WIDTH, 1),
        )

    def forward(self, x: Any) -> Any:
        return torch.relu(self.body(x) + x)


class Cascade(nn.Module):
    """Three steps; behind each, everything so far is joined. In a block, the three steps share their weights."""

    def __init__(self, steps: OrderedDict[str, nn.Module], order: tuple[str, ...]) -> None:
        super().__init__()
        for name, step in steps.items():
            self.add_module(name, step)
        self.order = order
        for number in (1, 2, 3):
            self.add_module(f"c{number}", _joined(number + 1))

    def forward(self, x: Any) -> Any:
        together, last = x, x
        for number, name in enumerate(self.order, start=1):
            together = torch.cat([together, getattr(self, name)(last)], dim=1)
            last = getattr(self, f"c{number}")["body"](together)
        return last


def _block() -> Cascade:
    return Cascade(OrderedDict(b1=EfficientResidual()), ("b1", "b1", "b1"))


def _enlarging(scale: int) -> nn.Module:
    """By 2 or 3 in one step, by 4 in two of 2."""
    factors = (2, 2) if scale == 4 else (scale,)
    layers: list[nn.Module] = []
    for factor in factors:
        layers += [
            nn.Conv2d(WIDTH, WIDTH * factor**2, 3, padding=1, groups=GROUPS),
            nn.ReLU(),
            nn.PixelShuffle(factor),
        ]
    return nn.ModuleDict({"body": nn.Sequential(*layers)})


class Shift(nn.Module):
    """Takes the mean colour off, or puts it on again."""

    def __init__(self) -> None:
        super().__init__()
        self.shifter = nn.Conv2d(3, 3, 1)

    def forward(self, x: Any) -> Any:
        return self.shifter(x)


class Carn(Cascade):
    """[N, 3, H, W], RGB from 0 to 1, to [N, 3, scale * H, scale * W]. Weights for all three scales are in it."""

    def __init__(self, scale: int) -> None:
        super().__init__(OrderedDict(b1=_block(), b2=_block(), b3=_block()), ("b1", "b2", "b3"))
        self.scale = scale
        self.sub_mean, self.add_mean = Shift(), Shift()
        self.entry = nn.Conv2d(3, WIDTH, 3, padding=1)
        self.upsample = nn.ModuleDict({f"up{factor}": _enlarging(factor) for factor in (2, 3, 4)})
        self.exit = nn.Conv2d(WIDTH, 3, 3, padding=1)

    def forward(self, x: Any) -> Any:
        features = super().forward(self.entry(self.sub_mean(x)))
        enlarging: Any = self.upsample[f"up{self.scale}"]
        return self.add_mean(self.exit(enlarging["body"](features)))
