"""ViTPose of transformers as the zoo exports it: pictures to maps."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import nn
from transformers import VitPoseBackboneConfig, VitPoseConfig, VitPoseForPoseEstimation

from zoo.libraries.transformers import lively


class Shape(NamedTuple):
    """The size of a network.

    Attributes:
        height, width: of the input in pixels.
        wide, layers, heads: of the transformer.
        simple: whether maps are enlarged between pixels, else by deconvolutions.
    """

    height: int
    width: int
    wide: int
    layers: int
    heads: int
    simple: bool


class Maps(nn.Module):
    """What is exported of the library's network: float32 [N, 3, H, W] to maps [N, K, H / 4, W / 4]."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.network(pixel_values=images).heatmaps


def vitpose(shape: Shape, points: int) -> Any:
    """The library's network with random values."""
    make: Any = VitPoseBackboneConfig  # takes arguments of every library class, which its signature does not name
    backbone = make(
        image_size=[shape.height, shape.width],
        hidden_size=shape.wide,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        out_indices=[shape.layers],
    )
    backbone._attn_implementation = "eager"  # plain operators, which every runtime has
    make = VitPoseConfig
    config = make(backbone_config=backbone, num_labels=points, use_simple_decoder=shape.simple)
    config._attn_implementation = "eager"
    return lively(VitPoseForPoseEstimation(config))
