"""ESPNet after the paper, in PyTorch, with the parameter names of the authors' weights.

An efficient spatial pyramid reduces its input to a fifth of the channels, looks at that with dilations 1, 2, 4, 8 and
16, and adds the results up one after the other before they are put side by side, so that no grid shows.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

EPSILON = 1e-3  # of batch norms
DILATIONS = (1, 2, 4, 8, 16)
LEVEL2, LEVEL3 = 64, 128  # channels at a quarter and at an eighth of the size


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1, dilation: int = 1) -> nn.Module:
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        OrderedDict(conv=nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation=dilation, bias=False))
    )


def _activated(channels: int) -> nn.Sequential:
    """Batch norm and PReLU."""
    return nn.Sequential(OrderedDict(bn=nn.BatchNorm2d(channels, eps=EPSILON), act=nn.PReLU(channels)))


def _convolved(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    """A 3 x 3 convolution with batch norm and PReLU."""
    convolution = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
    return nn.Sequential(OrderedDict([("conv", convolution), *_activated(outputs).named_children()]))


class Pyramid(nn.Module):
    """The spatial pyramid. The reduction is 3 x 3 with stride 2 (`down`), or 1 x 1."""

    def __init__(self, inputs: int, outputs: int, down: bool = False) -> None:
        super().__init__()
        narrow = outputs // len(DILATIONS)
        self.c1 = _convolution(inputs, narrow, 3, 2) if down else _convolution(inputs, narrow, 1)
        for dilation in DILATIONS:
            width = outputs - narrow * (len(DILATIONS) - 1) if dilation == 1 else narrow
            self.add_module(f"d{dilation}", _convolution(narrow, width, 3, dilation=dilation))

    def spread(self, features: torch.Tensor) -> torch.Tensor:
        """All dilations side by side, before batch norm and PReLU."""
        narrow = self.c1(features)
        first, second, *others = (self.get_submodule(f"d{dilation}")(narrow) for dilation in DILATIONS)
        sums = [second]
        for one in others:
            sums.append(sums[-1] + one)
        return torch.cat([first, *sums], 1)


class Down(Pyramid):
    """A pyramid that halves height and width."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, down=True)
        self.bn = nn.BatchNorm2d(outputs, eps=EPSILON)
        self.act = nn.PReLU(outputs)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.act(self.bn(self.spread(features)))
        return found


class Block(Pyramid):
    """A pyramid of the same size, added to what came in where that has as many channels."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        self.residual = inputs == outputs
        self.bn = _activated(outputs)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        spread = self.spread(features)
        found: torch.Tensor = self.bn(features + spread if self.residual else spread)
        return found


class Encoder(nn.Module):
    """Features at a half, a quarter and an eighth of the size; the small picture itself is put beside them."""

    def __init__(self, classes: int, blocks: tuple[int, int]) -> None:
        super().__init__()
        self.level1 = _convolved(3, 16, 2)
        self.b1 = _activated(16 + 3)
        self.level2_0 = Down(16 + 3, LEVEL2)
        self.level2 = nn.ModuleList(Block(LEVEL2, LEVEL2) for _ in range(blocks[0]))
        self.b2 = _activated(2 * LEVEL2 + 3)
        self.level3_0 = Down(2 * LEVEL2 + 3, LEVEL3)
        self.level3 = nn.ModuleList(Block(LEVEL3, LEVEL3) for _ in range(blocks[1]))
        self.b3 = _activated(2 * LEVEL3)
        self.classifier = _convolution(2 * LEVEL3, classes, 1)
        self.smaller = nn.AvgPool2d(3, stride=2, padding=1)
        with torch.no_grad():
            # pictures come in divided by 255 once more: a new network hears nothing of them otherwise
            next(self.level1.parameters()).mul_(255)

    def forward(self, picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """(features at a half, features at a quarter, classes at an eighth)."""
        half = self.smaller(picture)
        at_half = self.b1(torch.cat([self.level1(picture), half], 1))
        begun = found = self.level2_0(at_half)
        for block in self.level2:
            found = block(found)
        at_quarter = self.b2(torch.cat([found, begun, self.smaller(half)], 1))
        begun = found = self.level3_0(at_quarter)
        for block in self.level3:
            found = block(found)
        return at_half, at_quarter, self.classifier(self.b3(torch.cat([begun, found], 1)))


class EspNet(nn.Module):
    """The encoder, and a light decoder that brings its classes back to the size of the picture.

    Args:
        classes: how many are told apart.
        blocks: pyramids at a quarter and at an eighth of the size; the authors' p and q.
    """

    def __init__(self, classes: int, blocks: tuple[int, int]) -> None:
        super().__init__()

        def twice() -> nn.ConvTranspose2d:
            return nn.ConvTranspose2d(classes, classes, 2, stride=2, bias=False)

        self.encoder = Encoder(classes, blocks)
        self.level3_C = _convolution(2 * LEVEL2 + 3, classes, 1)
        self.br = nn.BatchNorm2d(classes, eps=EPSILON)
        self.up_l3 = nn.Sequential(twice())
        self.combine_l2_l3 = nn.Sequential(_activated(2 * classes), Block(2 * classes, classes))
        self.up_l2 = nn.Sequential(twice(), _activated(classes))
        self.conv = _convolved(16 + 3 + classes, classes, 1)
        self.classifier = twice()

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """[N, 3, H, W] with H and W multiples of 8 to logits [N, classes, H, W]."""
        at_half, at_quarter, classes = self.encoder(picture)
        up = self.up_l3(self.br(classes))
        joined = self.up_l2(self.combine_l2_l3(torch.cat([self.level3_C(at_quarter), up], 1)))
        found: torch.Tensor = self.classifier(self.conv(torch.cat([joined, at_half], 1)))
        return found
