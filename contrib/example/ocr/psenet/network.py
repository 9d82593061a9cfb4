"""PSENet after the paper, in PyTorch. Imported by `model.build` only, since it needs torch.

The names in the state dict are those of MMOCR's PSENet, and of torchvision's ResNet below `backbone`.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.resnet import BasicBlock, Bottleneck

KERNELS = 7


@dataclass(frozen=True)
class Form:
    """Blocks and channels of the backbone's four stages, and channels of the feature pyramid."""

    block: Any = Bottleneck
    counts: tuple[int, ...] = (3, 4, 6, 3)
    widths: tuple[int, ...] = (64, 128, 256, 512)
    pyramid: int = 256


VARIANTS = {
    "psenet_resnet50": Form(),
    "psenet_resnet18_narrow": Form(BasicBlock, (2, 2, 2, 2), (16, 24, 40, 56), 24),
}


class PSENet(nn.Module):
    """ResNet, a feature pyramid and a map for each kernel: [N, 3, H, W] to [N, 7, H, W], 0 … 1.

    H and W are multiples of 32. The first map is the whole text, the last one its smallest kernel.
    """

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.backbone = Backbone(form)
        self.neck = Pyramid([width * form.block.expansion for width in form.widths], form.pyramid)
        self.det_head = nn.ModuleDict({"out_conv": nn.Conv2d(form.pyramid, KERNELS, 1)})

    def forward(self, images: Tensor) -> Tensor:
        return self.logits(images).sigmoid()

    def logits(self, images: Tensor) -> Tensor:
        """The maps before the sigmoid, which the loss takes: [N, 7, H, W]."""
        maps = self.det_head["out_conv"](self.neck(self.backbone(images)))
        return F.interpolate(maps, scale_factor=4.0, mode="bilinear", align_corners=False)


class Backbone(nn.Module):
    """ResNet without its classifier: features at 1/4, 1/8, 1/16 and 1/32 of the input's size."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, form.widths[0], 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(form.widths[0])
        before = form.widths[0]
        for number, (count, width) in enumerate(zip(form.counts, form.widths, strict=True)):
            self.add_module(f"layer{number + 1}", _stage(form.block, before, width, count, 2 if number else 1))
            before = width * form.block.expansion

    def forward(self, x: Tensor) -> list[Tensor]:
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        features = []
        for number in range(4):
            x = self.get_submodule(f"layer{number + 1}")(x)
            features.append(x)
        return features


def _stage(block: Any, before: int, width: int, count: int, stride: int) -> nn.Sequential:
    channels = width * block.expansion
    shorter = None
    if stride != 1 or before != channels:
        shorter = nn.Sequential(nn.Conv2d(before, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))
    first = block(before, width, stride, shorter)
    if block is Bottleneck:
        # the stride is where the first ResNet has it, and the weights of MMOCR: in the 1 x 1 convolution
        first.conv1.stride, first.conv2.stride = (stride, stride), (1, 1)
    return nn.Sequential(first, *(block(channels, width) for _ in range(count - 1)))


class Pyramid(nn.Module):
    """Features of all scales, added and smoothed from the coarsest down, laid together at 1/4: [N, width, H/4, W/4]."""

    def __init__(self, stages: list[int], width: int) -> None:
        super().__init__()
        self.lateral_convs = nn.ModuleList([Conv(inputs, width, 1) for inputs in stages])
        self.fpn_convs = nn.ModuleList([Conv(width, width, 3) for _ in stages[1:]])
        self.output_convs = Conv(width * len(stages), width, 3)

    def forward(self, features: list[Tensor]) -> Tensor:
        levels = [conv(x) for conv, x in zip(self.lateral_convs, features, strict=True)]
        for number in (2, 1, 0):
            above = F.interpolate(levels[number + 1], scale_factor=2.0, mode="nearest")
            levels[number] = self.fpn_convs[number](levels[number] + above)
        larger = [F.interpolate(x, scale_factor=float(2**number), mode="nearest") for number, x in enumerate(levels)]
        return self.output_convs(torch.cat(larger, 1))


class Conv(nn.Module):
    """A convolution without bias, its norm and a ReLU, under the names that MMOCR gives them."""

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, size, 1, size // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


def build(variant: str) -> nn.Module:
    """The network of `variant` with random weights."""
    return PSENet(VARIANTS[variant])
