"""DBNet after the paper, in PyTorch. Imported by `model.build` only, since it needs torch.

The names in the state dict are those of MMOCR's DBNet, and of torchvision's ResNet-18 below `backbone`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SHARPNESS = 50  # the paper's k: how steep the differentiable step is


@dataclass(frozen=True)
class Widths:
    """Channels of the backbone's four stages, and of the feature pyramid."""

    stages: tuple[int, int, int, int] = (64, 128, 256, 512)
    pyramid: int = 256


VARIANTS = {
    "dbnet_resnet18": Widths(),
    "dbnet_resnet18_narrow": Widths((16, 24, 48, 96), 48),
}


class DBNet(nn.Module):
    """ResNet-18, a feature pyramid and the probability head: [N, 3, H, W] to [N, 1, H, W], 0 … 1.

    H and W are multiples of 32. The threshold head serves training (`maps`) and is no part of inference.
    """

    def __init__(self, widths: Widths) -> None:
        super().__init__()
        self.backbone = Backbone(widths.stages)
        self.neck = Pyramid(widths.stages, widths.pyramid)
        self.det_head = Heads(widths.pyramid)

    def forward(self, images: Tensor) -> Tensor:
        return self.det_head.binarize(self.neck(self.backbone(images))).sigmoid()

    def maps(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(logits of the probability, threshold, binary map by the differentiable step), each [N, 1, H, W]."""
        features = self.neck(self.backbone(images))
        logits = self.det_head.binarize(features)
        threshold = self.det_head.threshold(features).sigmoid()
        return logits, threshold, torch.sigmoid(SHARPNESS * (logits.sigmoid() - threshold))


class Backbone(nn.Module):
    """ResNet-18 without its classifier: features at 1/4, 1/8, 1/16 and 1/32 of the input's size."""

    def __init__(self, stages: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, stages[0], 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(stages[0])
        self.layer1 = _stage(stages[0], stages[0], 1)
        self.layer2 = _stage(stages[0], stages[1], 2)
        self.layer3 = _stage(stages[1], stages[2], 2)
        self.layer4 = _stage(stages[2], stages[3], 2)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        features = []
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
            features.append(x)
        return features


def _stage(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(Block(inputs, outputs, stride), Block(outputs, outputs, 1))


class Block(nn.Module):
    """Two 3 x 3 convolutions around which the input is added."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.downsample(x))


class Pyramid(nn.Module):
    """Features of all scales, added from the coarsest down, smoothed, laid together at 1/4: [N, width, H/4, W/4]."""

    def __init__(self, stages: tuple[int, int, int, int], width: int) -> None:
        super().__init__()
        self.lateral_convs = nn.ModuleList([Conv(inputs, width, 1) for inputs in stages])
        self.smooth_convs = nn.ModuleList([Conv(width, width // 4, 3) for _ in stages])

    def forward(self, features: list[Tensor]) -> Tensor:
        levels = [conv(x) for conv, x in zip(self.lateral_convs, features, strict=True)]
        for number in (3, 2, 1):
            levels[number - 1] = levels[number - 1] + F.interpolate(levels[number], scale_factor=2.0, mode="nearest")
        smooth = [conv(x) for conv, x in zip(self.smooth_convs, levels, strict=True)]
        larger = [F.interpolate(x, scale_factor=float(2**number), mode="nearest") for number, x in enumerate(smooth)]
        return torch.cat(larger, 1)


class Conv(nn.Module):
    """A convolution without bias, under the name that MMOCR gives it."""

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, size, 1, size // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Heads(nn.Module):
    """The probability's and the threshold's head, alike: [N, width, H/4, W/4] to logits [N, 1, H, W]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.binarize = _head(width)
        self.threshold = _head(width)


def _head(width: int) -> nn.Sequential:
    inner = width // 4
    return nn.Sequential(
        nn.Conv2d(width, inner, 3, 1, 1, bias=False),
        nn.BatchNorm2d(inner),
        nn.ReLU(),
        nn.ConvTranspose2d(inner, inner, 2, 2),
        nn.BatchNorm2d(inner),
        nn.ReLU(),
        nn.ConvTranspose2d(inner, 1, 2, 2),
    )


def build(variant: str) -> nn.Module:
    """The network of `variant` with random weights."""
    return DBNet(VARIANTS[variant])
