"""SSD on backbones of timm, a narrow one for the sample, what the graph holds of them, and heads that find something
with random weights."""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
from torchvision.models.detection.ssd import SSD, SSDHead
from torchvision.models.detection.ssdlite import SSDLiteHead
from torchvision.ops import Conv2dNormActivation, FeaturePyramidNetwork

from utils.anchors import DefaultBoxes
from utils.postprocess.pytorch.one_stage import DefaultBoxDecoder
from utils.preprocess.pytorch.rcnn import StretchTransform

# Random heads give every class the same probability. Whoever loads weights replaces these. By the deviation of what
# goes in, that of the logits is so large, and no larger: of many sure objects in one place, a rounding would choose
# others.
DEVIATION, OWN_DEVIATION = 0.5, 0.1  # of torchvision's networks, and of those that are put together here
NARROW = ((16, 1), (24, 1), (40, 2), (56, 2), (72, 1))  # the sample's channels, and layers, of each stride


def lively(network: Any, deviation: float = DEVIATION) -> Any:
    """The same network, with heads that tell classes apart."""
    for head in network.head.classification_head.module_list:
        last = [layer for layer in head.modules() if isinstance(layer, nn.Conv2d)][-1]
        nn.init.normal_(last.weight, std=deviation / last.weight[0].numel() ** 0.5)
    return network


def put_together(
    maps: nn.Module, channels: list[int], transform: StretchTransform, decoder: DefaultBoxDecoder, light: bool = False
) -> Any:
    """torchvision's SSD around any backbone.

    Args:
        maps: [N, 3, side, side] to an ordered dictionary of maps.
        channels: of each map.
        transform, decoder: what the network's own transform and decoding are made to be.
        light: whether the heads are of separable convolutions.
    """
    boxes = decoder.boxes
    anchors = generator(boxes)
    counts = anchors.num_anchors_per_location()
    classes = len(decoder.classes)
    head = SSDLiteHead(channels, counts, classes, nn.BatchNorm2d) if light else SSDHead(channels, counts, classes)
    return lively(
        SSD(
            maps,
            anchors,
            (transform.side, transform.side),
            classes,
            image_mean=list(transform.mean),
            image_std=list(transform.std),
            head=head,
            score_thresh=decoder.score,
            nms_thresh=decoder.nms_iou,
            detections_per_img=decoder.most,
            topk_candidates=decoder.candidates,
        ),
        OWN_DEVIATION,
    )


def generator(boxes: DefaultBoxes) -> DefaultBoxGenerator:
    """torchvision's maker of these default boxes."""
    ratios = [list(each) for each in boxes.ratios]
    return DefaultBoxGenerator(ratios, scales=list(boxes.scales), steps=list(boxes.steps) or None)


class Maps(nn.Module):
    """The last maps of a backbone of timm, and further ones, each half as large as the one before.

    Args:
        name: timm's, of the backbone.
        levels: which of its maps, counted from the one with a stride of 2.
        extra: channels of each further map.
        pyramid: channels of a feature pyramid over the backbone's maps; None: there is none.
    """

    def __init__(self, name: str, levels: tuple[int, ...], extra: tuple[int, ...], pyramid: int | None = None) -> None:
        import timm

        super().__init__()
        body: Any = timm.create_model(name, pretrained=False, features_only=True, out_indices=levels)
        self.body = body
        channels = list(body.feature_info.channels())
        self.pyramid = FeaturePyramidNetwork(channels, pyramid) if pyramid else None
        own = [pyramid] * len(levels) if pyramid else channels
        self.extra = halving([own[-1], *extra])
        self.channels = [*own, *extra]

    def forward(self, images: torch.Tensor) -> OrderedDict[str, torch.Tensor]:
        maps = self.body(images)
        if self.pyramid is not None:
            maps = list(self.pyramid(OrderedDict((str(number), one) for number, one in enumerate(maps))).values())
        return continued(maps, self.extra)


class NarrowMaps(nn.Module):
    """Maps with strides of 8, 16, 32 and 64, of few channels."""

    def __init__(self) -> None:
        super().__init__()
        stages, before = [], 3
        for channels, layers in NARROW:
            steps = [Conv2dNormActivation(before, channels, stride=2)]
            steps += [Conv2dNormActivation(channels, channels) for _ in range(layers - 1)]
            stages.append(nn.Sequential(*steps))
            before = channels
        self.stages = nn.ModuleList(stages)
        self.extra = halving([before, before])
        self.channels = [*(channels for channels, _ in NARROW[2:]), before]

    def forward(self, images: torch.Tensor) -> OrderedDict[str, torch.Tensor]:
        maps = []
        for stage in self.stages:
            images = stage(images)
            maps.append(images)
        return continued(maps[2:], self.extra)


def halving(channels: list[int]) -> nn.ModuleList:
    """Layers from each number of channels to the next, with a stride of 2."""
    return nn.ModuleList(
        nn.Sequential(
            Conv2dNormActivation(before, max(after // 2, 16), 1),
            Conv2dNormActivation(max(after // 2, 16), after, stride=2),
        )
        for before, after in pairwise(channels)
    )


def continued(maps: list[torch.Tensor], extra: nn.ModuleList) -> OrderedDict[str, torch.Tensor]:
    """The maps, and what the further layers make of the last one."""
    for layer in extra:
        maps = [*maps, layer(maps[-1])]
    return OrderedDict((str(number), one) for number, one in enumerate(maps))


class Rows(nn.Module):
    """[N, 3, S, S] to the logits [N, boxes, classes] and offsets [N, boxes, 4] of all default boxes."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.backbone, self.head = network.backbone, network.head

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found = self.head(list(self.backbone(images).values()))
        return found["cls_logits"], found["bbox_regression"]
