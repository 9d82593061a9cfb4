"""torchvision's VGG16 as a backbone: its five stages, with other widths where a network is a narrow one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

WIDTHS = (64, 128, 256, 512, 512)
_COUNTS = (2, 2, 3, 3, 3)  # convolutions of each stage


def stages(widths: Sequence[int] = WIDTHS, norm: bool = False, last_pool: bool = True) -> Any:
    """VGG16 without its classifier, as nn.Sequential of its layers, under the library's names ("0" to "30").

    Args:
        widths: channels of each stage.
        norm: whether a norm stands behind each convolution.
        last_pool: whether the last stage ends with a pool, as the others do.
    """
    from torch import nn
    from torchvision.models.vgg import make_layers

    layout: list[Any] = []
    for width, count in zip(widths, _COUNTS, strict=True):
        layout += [width] * count + ["M"]
    layers = make_layers(layout if last_pool else layout[:-1], norm)
    if not norm:
        for layer in layers:
            if isinstance(layer, nn.Conv2d):  # as the library begins, lest thirteen layers leave nothing of a picture
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
                nn.init.constant_(layer.bias, 0)  # type: ignore[arg-type]
    return layers


def pooled(layers: Any, pictures: Any) -> list[Any]:
    """What stands behind each pool of such layers: features at 1/2, 1/4, 1/8 … of the input's size."""
    from torch import nn

    features, x = [], pictures
    for layer in layers:
        x = layer(x)
        if isinstance(layer, nn.MaxPool2d):
            features.append(x)
    return features
