"""What the graph holds of torchvision's SSD, and heads that find something with random weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

# Random heads give every class the same probability. Whoever loads weights replaces these.
DEVIATION = 0.5  # of the logits, by that of what goes in


def lively(network: Any) -> Any:
    """The same network, with heads that tell classes apart."""
    for head in network.head.classification_head.module_list:
        last = [layer for layer in head.modules() if isinstance(layer, nn.Conv2d)][-1]
        nn.init.normal_(last.weight, std=DEVIATION / last.in_channels**0.5)
    return network


class Rows(nn.Module):
    """[N, 3, S, S] to the logits [N, boxes, classes] and offsets [N, boxes, 4] of all default boxes."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.backbone, self.head = network.backbone, network.head

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found = self.head(list(self.backbone(images).values()))
        return found["cls_logits"], found["bbox_regression"]
