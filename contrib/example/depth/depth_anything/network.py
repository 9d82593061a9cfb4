"""What is exported of transformers' Depth Anything: the same answer, for pictures of every size.

transformers' own head turns the size that it enlarges to into a number when it is exported.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class Depth(nn.Module):
    """[N, 3, H, W], H and W multiples of the patch, to inverse depth [N, H, W]."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.backbone, self.neck, self.head = network.backbone, network.neck, network.head

    def forward(self, pixels: Tensor) -> Tensor:
        head: Any = self.head
        patches = [side // head.patch_size for side in pixels.shape[-2:]]
        joined = self.neck(self.backbone(pixels).feature_maps, *patches)[head.head_in_index]
        large = nn.functional.interpolate(
            head.conv1(joined), size=pixels.shape[-2:], mode="bilinear", align_corners=True
        )
        found: Tensor = head.activation2(head.conv3(head.activation1(head.conv2(large)))) * head.max_depth
        return found.squeeze(1)


def lively(network: Any) -> Any:
    """The same network, whose random weights say something: with transformers' own, all pixels are as good as equal."""
    for part in (network.neck, network.head):
        for module in part.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                nn.init.kaiming_normal_(module.weight)
    last = network.head.conv3.weight.data
    last.copy_(last.abs())  # what is below zero would be zero in the end
    return network
