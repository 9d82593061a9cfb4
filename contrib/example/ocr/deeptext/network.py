"""DeepText in PyTorch: torchvision's Faster R-CNN on VGG16, with the paper's Inception-RPN (Zhong et al., 2016, section
3.1). Imported by `model.build` only, since it needs torch.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.ops import MultiScaleRoIAlign

from utils.postprocess.pytorch.two_stage import RegionDecoder
from zoo.libraries import rcnn, vgg


@dataclass(frozen=True)
class Form:
    """Channels of the backbone's five stages, of the three branches of the Inception-RPN and of the second stage, and
    whether the backbone has norms."""

    stages: tuple[int, ...] = vgg.WIDTHS
    branches: tuple[int, int, int] = (384, 128, 128)
    hidden: int = 4096
    norm: bool = False


VARIANTS = {
    "deeptext_vgg16": Form(),
    "deeptext_narrow": Form((8, 16, 32, 48, 48), (24, 12, 12), 96, True),
}


class Backbone(nn.Module):
    """VGG16 up to its last convolution: one map, at 1/16 of the picture's size."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.features = vgg.stages(form.stages, form.norm, last_pool=False)
        self.out_channels = form.stages[4]

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        return OrderedDict({"0": self.features(pictures)})


class InceptionRpn(nn.Module):
    """Scores and offsets of each anchor of a map, from what a window of 3 x 3, one of 5 x 5, and the largest value
    nearby say of a cell."""

    def __init__(self, inputs: int, branches: tuple[int, int, int], count: int) -> None:
        super().__init__()
        near, wide, largest = branches
        self.near = nn.Conv2d(inputs, near, 3, 1, 1)
        self.wide = nn.Conv2d(inputs, wide, 5, 1, 2)
        self.largest = nn.Conv2d(inputs, largest, 1)
        self.cls_logits = nn.Conv2d(sum(branches), count, 1)
        self.bbox_pred = nn.Conv2d(sum(branches), 4 * count, 1)

    def forward(self, maps: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        seen = [
            F.relu(torch.cat([self.near(x), self.wide(x), self.largest(F.max_pool2d(x, 3, 1, 1))], 1)) for x in maps
        ]
        return [self.cls_logits(x) for x in seen], [self.bbox_pred(x) for x in seen]


def build(variant: str, shape: rcnn.Shape, decoder: RegionDecoder) -> nn.Module:
    """The network of `variant` with random weights, which proposes and decides as `shape` and `decoder` do."""
    form, proposer = VARIANTS[variant], shape.proposer
    anchors = AnchorGenerator(proposer.sizes, (proposer.ratios,) * len(proposer.sizes))
    arguments: dict[str, Any] = {
        "rpn_anchor_generator": anchors,
        "rpn_head": InceptionRpn(form.stages[4], form.branches, anchors.num_anchors_per_location()[0]),
        "box_roi_pool": MultiScaleRoIAlign(["0"], rcnn.POOLED, 2),
        "box_head": TwoMLPHead(form.stages[4] * rcnn.POOLED**2, form.hidden),
        "box_predictor": FastRCNNPredictor(form.hidden, len(decoder.classes)),
        "min_size": shape.shorter,
        "max_size": shape.longer,
        "rpn_pre_nms_top_n_test": proposer.before,
        "rpn_post_nms_top_n_test": proposer.after,
        "box_score_thresh": decoder.score,
        "box_nms_thresh": decoder.nms_iou,
    }
    return rcnn.lively(FasterRCNN(Backbone(form), **arguments))
