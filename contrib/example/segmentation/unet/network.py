"""U-Net: a path down, a path up, and at each level the details of the one joined to the other.

After Ronneberger, Fischer and Brox, U-Net: Convolutional Networks for Biomedical Image Segmentation, 2015. As in most
versions since, convolutions are padded, so that the output has the input's size, and normalised.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

LEVELS = 4  # times that the picture is halved


class UNet(nn.Module):
    """[N, 3, H, W], H and W multiples of 16, to logits [N, classes, H, W].

    Args:
        classes: how many there are.
        width: channels of the first level, 64 in the paper; each level below has twice as many.
    """

    def __init__(self, classes: int, width: int = 64) -> None:
        super().__init__()
        widths = [width << level for level in range(LEVELS + 1)]
        self.first = _pair(3, width)
        self.down = nn.ModuleList(_pair(above, below) for above, below in pairwise(widths))
        self.up = nn.ModuleList(nn.ConvTranspose2d(below, above, 2, stride=2) for above, below in pairwise(widths))
        self.join = nn.ModuleList(_pair(2 * count, count) for count in widths[:-1])
        self.classify = nn.Conv2d(width, classes, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        levels = [self.first(pictures)]
        for block in self.down:
            levels.append(block(nn.functional.max_pool2d(levels[-1], 2)))
        x = levels.pop()
        for level in range(LEVELS - 1, -1, -1):
            x = self.join[level](torch.cat([levels.pop(), self.up[level](x)], dim=1))
        return self.classify(x)


def _pair(before: int, after: int) -> nn.Sequential:
    """Two 3 x 3 convolutions, each with batch norm and ReLU."""
    layers: list[nn.Module] = []
    for count in (before, after):
        layers += [nn.Conv2d(count, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)
