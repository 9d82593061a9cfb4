"""Mask R-CNN on MobileNetV1."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from torch import nn
from torchvision.models.detection import MaskRCNN
from torchvision.ops import FeaturePyramidNetwork
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool

from zoo.libraries.rcnn import lively

LEVELS = (1, 2, 3, 4)  # timm's maps with strides of 4 to 32


class Pyramid(nn.Module):
    """timm's MobileNetV1 with a feature pyramid, as torchvision's detectors take a backbone."""

    def __init__(self, channels: int = 256) -> None:
        import timm

        super().__init__()
        self.out_channels = channels
        body: Any = timm.create_model("mobilenetv1_100", pretrained=False, features_only=True, out_indices=LEVELS)
        self.body = body
        own = list(body.feature_info.channels())
        self.pyramid = FeaturePyramidNetwork(own, channels, extra_blocks=LastLevelMaxPool())

    def forward(self, images: torch.Tensor) -> OrderedDict[str, torch.Tensor]:
        maps = OrderedDict((str(number), one) for number, one in enumerate(self.body(images)))
        return self.pyramid(maps)


def mobile(classes: int) -> Any:
    """torchvision's Mask R-CNN around it. classes: the background included."""
    return lively(MaskRCNN(Pyramid(), classes))
