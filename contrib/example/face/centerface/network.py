"""CenterFace: MobileNetV2, a feature pyramid with 24 channels, and four heads at a quarter of the picture's size.

After Xu et al., CenterFace: Joint Face Detection and Alignment Using Face as Point, 2019.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

PYRAMID = 24
# where torchvision's MobileNetV2 has its last features at 1/4, 1/8, 1/16 and 1/32
STAGES = (3, 6, 13, 17)
# a head's last layer begins at the frequency of faces, so that the many empty places do not drown the first steps
HEATMAP_BIAS = -2.19


class CenterFace(nn.Module):
    """[N, 3, H, W] RGB, 0 to 255, H and W multiples of 32, to four maps of H/4 x W/4.

    heatmap [N, 1, …]: the probability that a face's centre is here. scale [N, 2, …]: the logarithm of the face's
    height and width, in cells of 4 pixels. offset [N, 2, …]: from the middle of the cell to the face's centre, y
    and x, in cells. landmarks [N, 10, …]: y and x of five points, from the box's upper left corner, in units of
    the box's height and width.

    Args:
        width: factor of the backbone's channels; 1 in the paper.
        authors: as in the authors' file: pictures are taken as they are, ReLU has no upper bound, and the four heads
            share their first layer.
    """

    def __init__(self, width: float = 1.0, authors: bool = False) -> None:
        super().__init__()
        from torchvision.models import mobilenet_v2

        self.authors = authors
        # 1 x 1 x 1,280 before the classifier is of no use here
        self.backbone = mobilenet_v2(width_mult=width).features[: STAGES[-1] + 1]
        if authors:
            _without_bound(self.backbone)
        channels = [_channels(self.backbone[index]) for index in STAGES]
        self.laterals = nn.ModuleList(_layer(nn.Conv2d(count, PYRAMID, 1, bias=False)) for count in channels)
        self.rises = nn.ModuleList(
            _layer(nn.ConvTranspose2d(PYRAMID, PYRAMID, 2, stride=2, bias=False)) for _ in channels[1:]
        )
        self.middle = _middle() if authors else nn.Identity()
        self.heatmap, self.scale, self.offset, self.landmarks = (_head(count, authors) for count in (1, 2, 2, 10))
        with torch.no_grad():
            self.heatmap[-1].bias.fill_(HEATMAP_BIAS)  # type: ignore[operator]

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        logits, scale, offset, landmarks = self.raw(pictures)
        return torch.sigmoid(logits), scale, offset, landmarks

    def raw(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """As `forward`, with the heatmap's logits."""
        x = pictures if self.authors else pictures / 127.5 - 1
        levels = []
        for index, block in enumerate(self.backbone):
            x = block(x)
            if index in STAGES:
                levels.append(x)
        x = self.laterals[-1](levels[-1])
        for level in range(len(self.rises) - 1, -1, -1):
            x = self.rises[level](x) + self.laterals[level](levels[level])
        x = self.middle(x)
        return self.heatmap(x), self.scale(x), self.offset(x), self.landmarks(x)


def _channels(block: Any) -> int:
    return int([layer for layer in block.modules() if isinstance(layer, nn.Conv2d)][-1].out_channels)


def _layer(convolution: nn.Module) -> nn.Sequential:
    return nn.Sequential(convolution, nn.BatchNorm2d(PYRAMID), nn.ReLU())


def _middle() -> nn.Sequential:
    return _layer(nn.Conv2d(PYRAMID, PYRAMID, 3, padding=1, bias=False))


def _head(channels: int, shared: bool) -> nn.Sequential:
    last = nn.Conv2d(PYRAMID, channels, 1)
    return nn.Sequential(last) if shared else nn.Sequential(*_middle(), last)


def _without_bound(network: nn.Module) -> None:
    """Replace every ReLU6 by a ReLU."""
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.ReLU6):
                setattr(parent, name, nn.ReLU())
