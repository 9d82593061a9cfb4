"""torchvision's Faster R-CNN as published weights need it, a narrow one for the sample, and its two graphs."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import torch
import torchvision
from torch import nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN, resnet_fpn_backbone
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.rpn import RPNHead

# Random heads say the same of every region, with probabilities that no threshold lets pass. So they begin with weights
# of a deviation that fits what the network gives them; whoever loads weights replaces them.
DEVIATION = {"fasterrcnn_resnet50_fpn_v2": 0.12}
MOBILE_DEVIATION, OTHER_DEVIATION = 0.25, 0.06


def published(variant: str) -> Any:
    """The structure that the library builds around its published weights, with random numbers in it.

    Which norms are frozen, and with which epsilon, depends on the weights, so that the library's own builder is called
    with them; what it would download is the state of a network that is built without.
    """
    build = torchvision.models.get_model_builder(variant)
    weights = torchvision.models.get_model_weights(variant).COCO_V1
    plain = build(weights=None, weights_backbone=None)
    with patch.object(type(weights), "get_state_dict", lambda *_, **__: plain.state_dict()):
        network = build(weights=weights)
    other = MOBILE_DEVIATION if "mobilenet" in variant else OTHER_DEVIATION
    return _lively(network, DEVIATION.get(variant, other))


def deep(backbone: str) -> Any:
    """As the library's own Faster R-CNN, on a deeper ResNet with a pyramid, such as "resnet101"."""
    return _lively(FasterRCNN(resnet_fpn_backbone(backbone_name=backbone, weights=None), 91), OTHER_DEVIATION)


def narrow(
    classes: int, sizes: tuple[tuple[int, ...], ...], shorter: int, longer: int, proposals: int, channels: int
) -> Any:
    """A Faster R-CNN of a few hundred thousand parameters, put together from the library's own modules.

    Args:
        classes: the background included.
        sizes: of the anchors of each map, in pixels.
        shorter, longer: sides of a picture, in pixels.
        proposals: of a map before, and of a picture after, non-maximum suppression.
        channels: of the pyramid.
    """
    hidden = 128
    stages = torchvision.models.mobilenet_v2(width_mult=0.35, weights=None).features
    pyramid = BackboneWithFPN(
        stages, {"6": "0", "13": "1"}, [stages[6].out_channels, stages[13].out_channels], channels
    )
    anchors = AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * len(sizes))
    network = FasterRCNN(
        pyramid,
        rpn_anchor_generator=anchors,
        rpn_head=RPNHead(channels, anchors.num_anchors_per_location()[0]),
        box_head=TwoMLPHead(channels * 49, hidden),
        box_predictor=FastRCNNPredictor(hidden, classes),
        min_size=shorter,
        max_size=longer,
        rpn_pre_nms_top_n_test=proposals,
        rpn_post_nms_top_n_test=proposals,
    )
    return _lively(network, OTHER_DEVIATION)


def _lively(network: Any, deviation: float) -> Any:
    for layer in (network.roi_heads.box_predictor.cls_score, network.rpn.head.cls_logits):
        nn.init.normal_(layer.weight, std=deviation)
    return network


class Proposing(nn.Module):
    """[N, 3, H, W] to the maps of the pyramid that regions are pooled from, then scores and offsets of every map."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.backbone, self.head = network.backbone, network.rpn.head
        self.pooled = network.roi_heads.box_roi_pool.featmap_names

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        maps = self.backbone(images)
        scores, deltas = self.head(list(maps.values()))
        return (*(found for name, found in maps.items() if name in self.pooled), *scores, *deltas)


class Classifying(nn.Module):
    """[R, C, 7, 7], regions of the maps, to logits [R, classes] and offsets [R, 4 * classes]."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.head, self.predictor = network.roi_heads.box_head, network.roi_heads.box_predictor

    def forward(self, regions: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.predictor(self.head(regions))
