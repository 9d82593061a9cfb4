"""torchvision's RetinaNet, a narrow one for the sample, and what the graph holds of them."""

from __future__ import annotations

from typing import Any

import torch
import torchvision
from torch import nn
from torchvision.models.detection import RetinaNet
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN

# Heads begin with a probability of 0.01 for every class, which no threshold lets pass: random ones must tell classes
# apart. Whoever loads weights replaces them.
DEVIATION = 0.2


def narrow(classes: int, sizes: tuple[tuple[int, ...], ...], shorter: int, longer: int) -> Any:
    """A RetinaNet of a few hundred thousand parameters, put together from the library's own modules.

    Args:
        classes: how many.
        sizes: of the anchors of each map, in pixels.
        shorter, longer: sides of a picture, in pixels.
    """
    stages = torchvision.models.mobilenet_v2(width_mult=0.35, weights=None).features
    channels = [stages[6].out_channels, stages[13].out_channels]
    pyramid = BackboneWithFPN(stages, {"6": "0", "13": "1"}, channels, 48)
    anchors = AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * len(sizes))
    return lively(RetinaNet(pyramid, classes, shorter, longer, anchor_generator=anchors))


def lively(network: Any) -> Any:
    """The same network, with a head that tells classes apart."""
    head = network.head.classification_head.cls_logits
    nn.init.normal_(head.weight, std=DEVIATION)
    nn.init.constant_(head.bias, -2.0)
    return network


class Maps(nn.Module):
    """[N, 3, H, W] to the logits of every map of the pyramid, and then the offsets of every map."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.backbone = network.backbone
        self.classes, self.boxes = network.head.classification_head, network.head.regression_head

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        maps = list(self.backbone(images).values())
        logits = [self.classes.cls_logits(self.classes.conv(one)) for one in maps]
        return (*logits, *(self.boxes.bbox_reg(self.boxes.conv(one)) for one in maps))
