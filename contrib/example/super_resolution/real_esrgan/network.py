"""The generator of Real-ESRGAN after the papers, in PyTorch, with the parameter names of the authors' weights.

Its residual blocks (RRDB) are made of convolutions that are joined densely.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, leaky_relu

SLOPE = 0.2  # of leaky ReLUs
SCALED = 0.2  # by which a block's own answer is multiplied
STEPS = 5  # convolutions of a dense block
ENLARGED = 4
LIVELY = 0.01  # standard deviation of the last layer's random weights


def _convolution(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1)


class Dense(nn.Module):
    """Five convolutions, each of which sees all that came before it."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        for number in range(STEPS):
            ends = width if number == STEPS - 1 else growth
            self.add_module(f"conv{number + 1}", _convolution(width + growth * number, ends))

    def forward(self, features: Tensor) -> Tensor:
        *first, last = self.children()
        together = features
        for step in first:
            together = torch.cat([together, leaky_relu(step(together), SLOPE)], 1)
        found: Tensor = last(together) * SCALED + features
        return found


class Block(nn.Module):
    """Three dense blocks one after the other, added to what came in."""

    def __init__(self, width: int, growth: int) -> None:
        super().__init__()
        for number in (1, 2, 3):
            self.add_module(f"rdb{number}", Dense(width, growth))

    def forward(self, features: Tensor) -> Tensor:
        found = features
        for dense in self.children():
            found = dense(found)
        return found * SCALED + features


class RealEsrgan(nn.Module):
    """[N, 3, H, W], RGB, 0 to 1, to a picture `scale` times as large.

    The network itself enlarges by four. For a scale of 2, pixels of a square of 2 x 2 become channels first.

    Args:
        scale: 2 (height and width are even then) or 4.
        blocks, width, growth: how many blocks; channels of them, and those that a step of a dense block adds.
    """

    def __init__(self, scale: int, blocks: int, width: int, growth: int) -> None:
        super().__init__()
        self.smaller = nn.PixelUnshuffle(ENLARGED // scale)
        self.conv_first = _convolution(3 * (ENLARGED // scale) ** 2, width)
        self.body = nn.Sequential(*(Block(width, growth) for _ in range(blocks)))
        self.conv_body = _convolution(width, width)
        self.conv_up1, self.conv_up2 = _convolution(width, width), _convolution(width, width)
        self.conv_hr, self.conv_last = _convolution(width, width), _convolution(width, 3)

    def forward(self, picture: Tensor) -> Tensor:
        features = self.conv_first(self.smaller(picture))
        features = features + self.conv_body(self.body(features))
        for step in (self.conv_up1, self.conv_up2):
            features = leaky_relu(step(interpolate(features, scale_factor=2.0, mode="nearest")), SLOPE)
        enlarged: Tensor = self.conv_last(leaky_relu(self.conv_hr(features), SLOPE))
        return enlarged


def lively(network: RealEsrgan) -> RealEsrgan:
    """The same network, whose random weights draw something: with PyTorch's own, pictures are black."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, SLOPE)
    nn.init.normal_(network.conv_last.weight, std=LIVELY)
    nn.init.constant_(network.conv_last.bias, 0.5)  # type: ignore[arg-type]
    return network
