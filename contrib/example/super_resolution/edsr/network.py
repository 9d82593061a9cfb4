"""EDSR after the paper, in PyTorch: residual blocks without norms, with the parameter names of the authors' weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

# What the authors take off their pictures of 0 to 255: the mean colour of DIV2K
MEAN = (0.4488, 0.4371, 0.4040)


def _convolution(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1)


class Shift(nn.Conv2d):
    """Adds `sign` times the mean colour to pixels of 0 to 255; nothing in it was trained."""

    def __init__(self, sign: int) -> None:
        super().__init__(3, 3, 1)
        self.requires_grad_(False)
        self.weight.copy_(torch.eye(3)[:, :, None, None])
        bias: Any = self.bias
        bias.copy_(sign * 255 * torch.tensor(MEAN))


class Block(nn.Module):
    """Two convolutions, scaled, and added to what came in."""

    def __init__(self, width: int, scaled: float) -> None:
        super().__init__()
        self.body = nn.Sequential(_convolution(width, width), nn.ReLU(), _convolution(width, width))
        self.scaled = scaled

    def forward(self, features: Tensor) -> Tensor:
        found: Tensor = self.body(features) * self.scaled + features
        return found


def enlarging(width: int, scale: int) -> nn.Sequential:
    """By 2 or 3 in one step, by 4 in two of 2: channels become pixels."""
    layers: list[nn.Module] = []
    for factor in (2, 2) if scale == 4 else (scale,):
        layers += [_convolution(width, width * factor**2), nn.PixelShuffle(factor)]
    return nn.Sequential(*layers)


class Edsr(nn.Module):
    """[N, 3, H, W], RGB, 0 to 1, to [N, 3, scale * H, scale * W].

    Args:
        scale: 2, 3 or 4.
        blocks, width: how many residual blocks, of how many channels.
        scaled: by which each block's own answer is multiplied.
    """

    def __init__(self, scale: int, blocks: int, width: int, scaled: float = 1.0) -> None:
        super().__init__()
        self.sub_mean, self.add_mean = Shift(-1), Shift(1)
        self.head = nn.Sequential(_convolution(3, width))
        self.body = nn.Sequential(*(Block(width, scaled) for _ in range(blocks)), _convolution(width, width))
        self.tail = nn.Sequential(enlarging(width, scale), _convolution(width, 3))

    def forward(self, picture: Tensor) -> Tensor:
        features = self.head(self.sub_mean(picture * 255))
        enlarged: Tensor = self.add_mean(self.tail(self.body(features) + features))
        return enlarged / 255
