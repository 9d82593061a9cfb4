"""U-Net in layers of Paddle, with the names of the PyTorch network in ../unet."""

from __future__ import annotations

from itertools import pairwise

import paddle
from paddle import Tensor, nn

LEVELS = 4  # times that the picture is halved


class UNet(nn.Layer):
    """[N, 3, H, W], H and W multiples of 16, to logits [N, classes, H, W].

    Args:
        classes: how many there are.
        width: channels of the first level, 64 in the paper; each level below has twice as many.
    """

    def __init__(self, classes: int, width: int = 64) -> None:
        super().__init__()
        widths = [width << level for level in range(LEVELS + 1)]
        self.first = _pair(3, width)
        self.pool = nn.MaxPool2D(2)
        self.down = nn.LayerList([_pair(above, below) for above, below in pairwise(widths)])
        self.up = nn.LayerList([nn.Conv2DTranspose(below, above, 2, stride=2) for above, below in pairwise(widths)])
        self.join = nn.LayerList([_pair(2 * count, count) for count in widths[:-1]])
        self.classify = nn.Conv2D(width, classes, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        levels = [self.first(pictures)]
        for block in self.down:
            levels.append(block(self.pool(levels[-1])))
        x = levels.pop()
        for level in range(LEVELS - 1, -1, -1):
            x = self.join[level](paddle.concat([levels.pop(), self.up[level](x)], axis=1))
        return self.classify(x)


def _pair(before: int, after: int) -> nn.Sequential:
    """Two 3 x 3 convolutions, each with batch norm and ReLU."""
    layers: list[nn.Layer] = []
    for count in (before, after):
        layers += [nn.Conv2D(count, after, 3, padding=1, bias_attr=False), nn.BatchNorm2D(after), nn.ReLU()]
    return nn.Sequential(*layers)
