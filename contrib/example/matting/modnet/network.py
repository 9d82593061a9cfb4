"""MODNet after the paper, in PyTorch: where a person is, at low resolution; details of the edge, at high; both fused.

The answers of the first two, which only training needs, are left out. The backbone is torchvision's MobileNetV2.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

# At which layers of MobileNetV2 the stages begin that give features of 1/2, 1/4, 1/8, 1/16 and 1/32 of the size
CUTS = (0, 2, 4, 7, 14)
REDUCTION = 4  # of the squeeze and excitation


class HalfNorm(nn.Module):
    """Batch norm for the first half of the channels, instance norm for the others."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.batch = nn.BatchNorm2d(channels // 2)
        self.instance = nn.InstanceNorm2d(channels - channels // 2)
        self.split = channels // 2

    def forward(self, features: Tensor) -> Tensor:
        first, second = features[:, : self.split], features[:, self.split :]
        return torch.cat([self.batch(first), self.instance(second)], 1)


def _convolved(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2), HalfNorm(outputs), nn.ReLU())


def _chain(*widths: int) -> nn.Sequential:
    return nn.Sequential(*(_convolved(inputs, outputs) for inputs, outputs in pairwise(widths)))


def _resized(features: Tensor, factor: float) -> Tensor:
    return interpolate(features, scale_factor=factor, mode="bilinear", align_corners=False)


class Excitation(nn.Module):
    """Weighs channels by what the whole picture has of them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weigh = nn.Sequential(
            nn.Linear(channels, channels // REDUCTION, bias=False),
            nn.ReLU(),
            nn.Linear(channels // REDUCTION, channels, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, features: Tensor) -> Tensor:
        weights: Tensor = self.weigh(features.mean((2, 3)))
        return features * weights[:, :, None, None]


class ModNet(nn.Module):
    """[N, 3, H, W], H and W multiples of 32, RGB from -1 to 1, to a matte [N, 1, H, W], 0 to 1.

    Args:
        share: of MobileNetV2's channels; 1 in the paper.
        details: channels of the branch for details; 32 in the paper.
    """

    def __init__(self, share: float = 1.0, details: int = 32) -> None:
        super().__init__()
        from torchvision.models import mobilenet_v2

        layers: Any = mobilenet_v2(weights=None, width_mult=share).features
        self.stages = nn.ModuleList(layers[start:end] for start, end in pairwise((*CUTS, len(layers))))
        half, quarter, eighth, sixteenth, last = _widths(self.stages)
        self.excitation = Excitation(last)
        self.at_sixteenth = _convolved(last, sixteenth, 5)
        self.at_eighth = _convolved(sixteenth, eighth, 5)
        self.of_half, self.of_quarter = nn.Conv2d(half, details, 1), nn.Conv2d(quarter, details, 1)
        self.smaller = _convolved(details + 3, details, stride=2)
        self.joined = _chain(2 * details, 2 * details)
        self.with_meaning = _chain(2 * details + eighth + 3, 2 * details, 2 * details, details)
        self.edges = _chain(2 * details, 2 * details, details, details, details)
        self.meaning = _convolved(eighth, details, 5)
        self.fused = _chain(2 * details, details)
        self.last = nn.Sequential(_convolved(details + 3, details // 2), nn.Conv2d(details // 2, 1, 1))

    def forward(self, picture: Tensor) -> Tensor:
        features, maps = picture, []
        for stage in self.stages:
            features = stage(features)
            maps.append(features)
        small = self.at_eighth(_resized(self.at_sixteenth(_resized(self.excitation(features), 2.0)), 2.0))
        edges = self._edges(picture, maps, small)
        meaning = _resized(self.meaning(_resized(small, 2.0)), 2.0)
        fused = _resized(self.fused(torch.cat([meaning, edges], 1)), 2.0)
        return torch.sigmoid(self.last(torch.cat([fused, picture], 1)))

    def _edges(self, picture: Tensor, maps: list[Tensor], small: Tensor) -> Tensor:
        """Details at half the size, with what is known of where the person is."""
        of_half = self.of_half(maps[0])
        features = self.smaller(torch.cat([_resized(picture, 0.5), of_half], 1))
        features = self.joined(torch.cat([features, self.of_quarter(maps[1])], 1))
        features = self.with_meaning(torch.cat([features, _resized(small, 2.0), _resized(picture, 0.25)], 1))
        found: Tensor = self.edges(torch.cat([_resized(features, 2.0), of_half], 1))
        return found


def _widths(stages: nn.ModuleList) -> list[int]:
    """The channels that each stage gives."""
    found = torch.zeros(1, 3, 32, 32)
    widths = []
    with torch.no_grad():
        for stage in stages:
            found = stage.eval()(found)
            widths.append(found.shape[1])
            stage.train()
    return widths
