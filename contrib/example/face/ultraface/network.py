"""UltraFace (RFB-320) after its authors' description, in PyTorch, with the parameter names of their weights.

Thirteen separable blocks of 16 to 256 channels; the eighth looks at its surroundings with three dilations, as RFB does.
Heads at strides 8, 16, 32 and 64 say, for two or three sizes of box a cell, whether there is a face, and where.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

# (channels in, channels out, stride) of the separable blocks before and behind the one with dilations
BEFORE = ((16, 32, 1), (32, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 64, 1))
BEHIND = ((64, 128, 2), (128, 128, 1), (128, 128, 1), (128, 256, 2), (256, 256, 1))
TAKEN = (7, 10, 12)  # blocks behind which heads look
HEADS = ((64, 3), (128, 2), (256, 2), (256, 3))  # channels, boxes a cell
NARROW = 8  # channels of a branch with dilation, at its beginning


def _separable(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False),
        nn.BatchNorm2d(inputs),
        nn.ReLU(),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


def _biased(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Depthwise, then 1 x 1, without norms."""
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs), nn.ReLU(), nn.Conv2d(inputs, outputs, 1)
    )


class Normed(nn.Module):
    """A convolution and its batch norm, under the names conv and bn; ReLU where asked for."""

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int = 1, relu: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, 1, dilation * (kernel // 2), dilation, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.relu = relu

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.bn(self.conv(x))
        return torch.relu(found) if self.relu else found


class Receptive(nn.Module):
    """Three branches that see with dilations 2, 3 and 5, added to a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        double, between = 2 * NARROW, NARROW // 2 * 3
        self.branch0 = self._branch(width, (double,), 2)
        self.branch1 = self._branch(width, (double,), 3)
        self.branch2 = self._branch(width, (between, double), 5)
        self.ConvLinear = Normed(3 * double, width, 1)
        self.shortcut = Normed(width, width, 1)

    @staticmethod
    def _branch(width: int, middle: tuple[int, ...], dilation: int) -> nn.Sequential:
        layers = [Normed(width, NARROW, 1)]
        for inputs, outputs in zip((NARROW, *middle), middle, strict=False):
            layers.append(Normed(inputs, outputs, 3, relu=True))
        return nn.Sequential(*layers, Normed(middle[-1], middle[-1], 3, dilation))

    def forward(self, x: Tensor) -> Tensor:
        seen = torch.cat([self.branch0(x), self.branch1(x), self.branch2(x)], 1)
        return torch.relu(self.ConvLinear(seen) + self.shortcut(x))


class UltraFace(nn.Module):
    """[N, 3, H, W] RGB, (value - 127) / 128, to the boxes of all cells: stride after stride, each row by row.

    scores [N, boxes, 2]: probabilities of no face and of a face. boxes [N, boxes, 4]: centre x, y and logarithm of
    width, height, relative to the box that stands for the cell.
    """

    def __init__(self) -> None:
        super().__init__()
        first = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
        before, behind = ([_separable(*sizes) for sizes in blocks] for blocks in (BEFORE, BEHIND))
        self.base_net = nn.Sequential(first, *before, Receptive(64), *behind)
        self.extras = nn.ModuleList([nn.Sequential(nn.Conv2d(256, 64, 1), nn.ReLU(), _biased(64, 256, 2), nn.ReLU())])
        self.classification_headers = self._heads(2)
        self.regression_headers = self._heads(4)
        # Random heads call every other box a face, and roundings decide which. Whoever loads weights replaces these.
        for head in self.classification_headers:
            last = [layer for layer in head.modules() if isinstance(layer, nn.Conv2d)][-1]
            nn.init.normal_(last.weight, std=0.01)

    @staticmethod
    def _heads(numbers: int) -> nn.ModuleList:
        """The last one is not separable."""
        heads: list[nn.Module] = [_biased(width, boxes * numbers) for width, boxes in HEADS[:-1]]
        width, boxes = HEADS[-1]
        return nn.ModuleList([*heads, nn.Conv2d(width, boxes * numbers, 3, padding=1)])

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        maps = []
        for number, block in enumerate(self.base_net):
            x = block(x)
            if number in TAKEN:
                maps.append(x)
        maps.append(self.extras[0](x))
        scores = [_rows(head(one), 2) for head, one in zip(self.classification_headers, maps, strict=True)]
        boxes = [_rows(head(one), 4) for head, one in zip(self.regression_headers, maps, strict=True)]
        return torch.cat(scores, 1).softmax(2), torch.cat(boxes, 1)


def _rows(one: Tensor, numbers: int) -> Tensor:
    """[N, boxes a cell * numbers, H, W] to [N, boxes, numbers]."""
    return one.permute(0, 2, 3, 1).reshape(one.shape[0], -1, numbers)
