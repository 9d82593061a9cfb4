"""BiSeNet V2 after the paper, in PyTorch: a wide and shallow branch for details, a narrow and deep one for meaning.

The heads on the way, which only training needs, are left out.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

EXPANSION = 6  # of gather and expansion layers
DETAIL_SHARE = 4  # the first stages of the semantic branch have a quarter of the detail branch's channels


def _convolved(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """A convolution with batch norm."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return [convolution, nn.BatchNorm2d(outputs)]


def _activated(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(*_convolved(inputs, outputs, kernel, stride), nn.ReLU())


def _detail(width: int) -> nn.Sequential:
    """[N, 3, H, W] to [N, 2 * width, H / 8, W / 8]."""
    stages: list[nn.Module] = []
    inputs = 3
    for outputs, layers in ((width, 2), (width, 3), (2 * width, 3)):
        stages.append(_activated(inputs, outputs, stride=2))
        stages += [_activated(outputs, outputs) for _ in range(layers - 1)]
        inputs = outputs
    return nn.Sequential(*stages)


class Stem(nn.Module):
    """[N, 3, H, W] to [N, width, H / 4, W / 4], by convolutions and by a maximum side by side."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _activated(3, width, stride=2)
        self.left = nn.Sequential(_activated(width, width // 2, 1), _activated(width // 2, width, stride=2))
        self.right = nn.MaxPool2d(3, stride=2, padding=1)
        self.joined = _activated(2 * width, width)

    def forward(self, picture: Tensor) -> Tensor:
        features = self.first(picture)
        found: Tensor = self.joined(torch.cat([self.left(features), self.right(features)], 1))
        return found


class Gather(nn.Module):
    """Gather and expansion: a 3 x 3 convolution, each channel by itself in six copies, and back; added to what came in.

    With `down`, height and width are halved.
    """

    def __init__(self, inputs: int, outputs: int, down: bool = False) -> None:
        super().__init__()
        wide = inputs * EXPANSION
        spread = _convolved(inputs, wide, stride=2, groups=inputs) if down else []
        each = _convolved(wide if down else inputs, wide, groups=wide if down else inputs)
        self.body = nn.Sequential(
            _activated(inputs, inputs), *spread, *each, nn.ReLU(), *_convolved(wide, outputs, kernel=1)
        )
        halved = [*_convolved(inputs, inputs, stride=2, groups=inputs), *_convolved(inputs, outputs, kernel=1)]
        self.shortcut = nn.Sequential(*halved) if down else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        return torch.relu(self.body(features) + self.shortcut(features))


class Context(nn.Module):
    """Adds what the whole picture has on average to each of its places."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(width)
        self.average = _activated(width, width, kernel=1)
        self.last = _activated(width, width)

    def forward(self, features: Tensor) -> Tensor:
        average = self.norm(features.mean((2, 3), keepdim=True))
        found: Tensor = self.last(features + self.average(average))
        return found


def _semantic(width: int) -> nn.Sequential:
    """[N, 3, H, W] to [N, 8 * width, H / 32, W / 32]."""
    stages: list[nn.Module] = [Stem(width)]
    for inputs, layers in ((width, 2), (2 * width, 2), (4 * width, 4)):
        stages.append(Gather(inputs, 2 * inputs, down=True))
        stages += [Gather(2 * inputs, 2 * inputs) for _ in range(layers - 1)]
    return nn.Sequential(*stages, Context(8 * width))


class Aggregation(nn.Module):
    """Details, weighed by meaning, and meaning, weighed by details, added up at an eighth of the size."""

    def __init__(self, width: int) -> None:
        super().__init__()

        def apart() -> nn.Sequential:
            return nn.Sequential(*_convolved(width, width, groups=width), nn.Conv2d(width, width, 1))

        self.detail = apart()
        self.detail_small = nn.Sequential(*_convolved(width, width, stride=2), nn.AvgPool2d(3, stride=2, padding=1))
        self.semantic = nn.Sequential(*_convolved(width, width))
        self.semantic_small = apart()
        self.last = nn.Sequential(*_convolved(width, width))

    def forward(self, detail: Tensor, semantic: Tensor) -> Tensor:
        large = self.detail(detail) * torch.sigmoid(_larger(self.semantic(semantic), 4))
        small = self.detail_small(detail) * torch.sigmoid(self.semantic_small(semantic))
        found: Tensor = self.last(large + _larger(small, 4))
        return found


def _larger(features: Tensor, factor: int) -> Tensor:
    return interpolate(features, scale_factor=float(factor), mode="bilinear", align_corners=False)


class BiSeNetV2(nn.Module):
    """[N, 3, H, W] with H and W multiples of 32 to logits [N, classes, H, W].

    Args:
        classes: how many are told apart.
        width: channels of the detail branch's first stage; 64 in the paper.
        head: channels of the head.
    """

    def __init__(self, classes: int, width: int = 64, head: int = 1024) -> None:
        super().__init__()
        self.detail = _detail(width)
        self.semantic = _semantic(width // DETAIL_SHARE)
        self.aggregation = Aggregation(2 * width)
        self.head = nn.Sequential(_activated(2 * width, head), nn.Dropout(0.1), nn.Conv2d(head, classes, 1))

    def forward(self, picture: Tensor) -> Tensor:
        joined = self.aggregation(self.detail(picture), self.semantic(picture))
        return _larger(self.head(joined), 8)
