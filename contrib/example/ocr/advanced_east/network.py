"""AdvancedEAST in PyTorch: EAST's merged features (Zhou et al., 2017, section 3.2) on VGG16, and heads that read a text
at its two ends. Imported by `model.build` only, since it needs torch.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zoo.libraries import vgg

PIXELS = 32  # the network counts distances in so many pixels, so that its numbers are small


@dataclass(frozen=True)
class Form:
    """Channels of the backbone's five stages and of the three merged maps, and whether the backbone has norms."""

    stages: tuple[int, ...] = vgg.WIDTHS
    merged: tuple[int, ...] = (128, 64, 32)
    norm: bool = False


VARIANTS = {
    "advanced_east_vgg16": Form(),
    "advanced_east_narrow": Form((8, 16, 32, 48, 64), (48, 32, 24), True),
}


class AdvancedEast(nn.Module):
    """[N, 3, H, W], normalised RGB, to two maps of the cells of 4 x 4 pixels.

    codes [N, 3, H/4, W/4], 0 … 1: whether a cell lies in a text; whether at one of its ends; whether this is the end
    where reading stops. corners [N, 4, H/4, W/4]: where, in pixels from the cell's centre, the two corners of this end
    are: x and y of the one clockwise before it, x and y of the other. H and W are multiples of 32.
    """

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.backbone = vgg.stages(form.stages, form.norm)
        self.merging = nn.ModuleList()
        before = form.stages[4]
        for width, beside in zip(form.merged, form.stages[3:0:-1], strict=True):
            self.merging.append(nn.Sequential(*_conv(before + beside, width, 1), *_conv(width, width, 3)))
            before = width
        self.last = nn.Sequential(*_conv(before, before, 3))
        self.codes = nn.Conv2d(before, 3, 1)
        self.corners = nn.Conv2d(before, 4, 1)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        codes, corners = self.maps(pictures)
        return codes.sigmoid(), corners

    def maps(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """What the loss takes: the logits of the codes, and the corners."""
        features = vgg.pooled(self.backbone, pictures)
        x = features[4]
        for merge, beside in zip(self.merging, features[3:0:-1], strict=True):
            x = merge(torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), beside], 1))
        x = self.last(x)
        return self.codes(x), self.corners(x) * PIXELS


def _conv(inputs: int, outputs: int, size: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inputs, outputs, size, 1, size // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()


def build(variant: str) -> nn.Module:
    """The network of `variant` with random weights."""
    return AdvancedEast(VARIANTS[variant])
