"""YuNet after its paper, in PyTorch, for the authors' weights, whose batch norms are folded into the convolutions.

Every unit is a 1 x 1 convolution and a depthwise one. Three maps (strides 8, 16, 32) of 64 channels are added up from
the coarse one to the fine one; each has four small heads.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

WIDTH = 64
GREYS = 1 / 64  # pictures come in as they are, 0 to 255: a new network is not to be saturated by them
HEADS = {"cls": 1, "bbox": 4, "obj": 1, "kps": 10}  # in the order in which they run


def _unit(inputs: int, outputs: int, relu: bool = True) -> nn.Sequential:
    point, depth = nn.Conv2d(inputs, outputs, 1), nn.Conv2d(outputs, outputs, 3, padding=1, groups=outputs)
    # without norms, a new network keeps the size of what passes through only where its weights do
    nn.init.kaiming_normal_(point.weight, nonlinearity="linear")
    nn.init.kaiming_normal_(depth.weight, nonlinearity="relu" if relu else "linear")
    return nn.Sequential(point, depth, *([nn.ReLU()] if relu else []))


class YuNet(nn.Module):
    """[N, 3, H, W], BGR from 0 to 255, H and W multiples of 32, to the cells of all maps: stride 8, 16, 32, row by row.

    cls, obj [N, cells, 1]: probabilities of a face's class and of an object. bbox [N, cells, 4]: centre x, y from the
    cell's corner and logarithm of width, height, in cells. kps [N, cells, 10]: x, y of five points from there, in
    cells.
    """

    def __init__(self) -> None:
        super().__init__()
        begin = nn.Conv2d(3, 16, 3, 2, 1)
        with torch.no_grad():
            begin.weight.mul_(GREYS)
        self.first = nn.Sequential(begin, nn.ReLU(), _unit(16, 16))
        self.second = nn.Sequential(_unit(16, 16), _unit(16, WIDTH), _unit(WIDTH, WIDTH), _unit(WIDTH, WIDTH))
        self.stages = nn.ModuleList(nn.Sequential(_unit(WIDTH, WIDTH), _unit(WIDTH, WIDTH)) for _ in range(3))
        self.pool = nn.MaxPool2d(2)
        self.grow = nn.Upsample(scale_factor=2, mode="nearest")
        self.laterals = nn.ModuleList(_unit(WIDTH, WIDTH) for _ in range(3))
        self.shared = nn.ModuleList(_unit(WIDTH, WIDTH) for _ in range(3))
        self.heads = nn.ModuleDict(
            {name: nn.ModuleList(_unit(WIDTH, count, relu=False) for _ in range(3)) for name, count in HEADS.items()}
        )
        # Random heads call every other cell a face, and roundings decide which. Whoever loads weights replaces these.
        with torch.no_grad():
            for name, value in self.heads.named_parameters():
                if name.startswith(("cls.", "obj.")) and name.endswith("1.weight"):
                    value.mul_(0.1)
                elif name.startswith(("cls.", "obj.")) and name.endswith("1.bias"):
                    value.fill_(-4.0)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        x = self.second(self.pool(self.first(x)))
        maps = []
        for stage in self.stages:
            x = stage(self.pool(x))
            maps.append(x)
        x = maps[2] = self.laterals[2](maps[2])
        for level in (1, 0):
            x = maps[level] = self.laterals[level](maps[level] + self.grow(x))
        maps = [shared(one) for shared, one in zip(self.shared, maps, strict=True)]
        found = {}
        for name, heads in self.heads.items():
            rows = [head(one).flatten(2).transpose(1, 2) for head, one in zip(heads, maps, strict=True)]  # type: ignore[call-overload]
            found[name] = torch.cat(rows, 1)
        return found["cls"].sigmoid(), found["obj"].sigmoid(), found["bbox"], found["kps"]
