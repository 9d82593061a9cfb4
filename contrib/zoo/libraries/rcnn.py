"""torchvision's two-stage detectors: Faster R-CNN, and Mask R-CNN, which has a mask for each object, in graphs.

The first graph gives maps and, for each of their anchors, whether something is there and where; the second one says of
each region what it is; the third one, of Mask R-CNN, which pixels of a region belong to it.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from unittest.mock import patch

from engine.spec import TensorSpec
from utils.postprocess.pytorch import instances
from utils.postprocess.pytorch.two_stage import Proposer
from zoo.part import Part

RESNET_ANCHORS = ((32,), (64,), (128,), (256,), (512,))
MOBILENET_ANCHORS = ((32, 64, 128, 256, 512),) * 3
SAMPLE_ANCHORS = ((16, 24, 32, 48, 64),) * 3
POOLED = 7  # cells of a region
_HIDDEN = 128
_TRAINED_PROPOSALS, _TRAINED_REGIONS = 200, 64  # of a picture, while a narrow network is trained
# Random heads say the same of every region, with probabilities that no threshold lets pass. So they begin with weights
# of a deviation that fits what the network gives them; whoever loads weights replaces them.
DEVIATION = 0.06


class Shape(NamedTuple):
    """What the library's builder says of a network.

    Attributes:
        shorter, longer: sides of a picture in pixels.
        proposer: how regions are proposed.
        maps, channels: that regions are pooled from.
        published: COCO's mean average precision of the boxes; None: there are no published weights.
        masks: that of the masks.
    """

    shorter: int
    longer: int
    proposer: Proposer
    maps: int
    channels: int = 256
    published: float | None = None
    masks: float | None = None


def published(variant: str, deviation: float = DEVIATION) -> Any:
    """The structure that the library builds around its published weights, with random numbers in it.

    Which norms are frozen, and with which epsilon, depends on the weights, so that the library's own builder is called
    with them; what it would download is the state of a network that is built without.
    """
    from torchvision import models

    build = models.get_model_builder(variant)
    weights = models.get_model_weights(variant)["COCO_V1"]
    plain: Any = build(weights=None, weights_backbone=None)
    with patch.object(type(weights), "get_state_dict", lambda *_, **__: plain.state_dict()):
        network = build(weights=weights)
    return lively(network, deviation)


def lively(network: Any, deviation: float = DEVIATION) -> Any:
    """The same network, with heads that tell regions apart."""
    from torch import nn

    for layer in (network.roi_heads.box_predictor.cls_score, network.rpn.head.cls_logits):
        nn.init.normal_(layer.weight, std=deviation)
    return network


def narrow(shape: Shape, classes: int, masks: bool = False) -> Any:
    """A network of a few hundred thousand parameters, put together from the library's own modules.

    Args:
        classes: the background included.
        masks: whether it is a Mask R-CNN.
    """
    from torchvision.models import mobilenet_v2
    from torchvision.models.detection import FasterRCNN, MaskRCNN
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    from torchvision.models.detection.backbone_utils import BackboneWithFPN
    from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
    from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
    from torchvision.models.detection.rpn import RPNHead

    stages: Any = mobilenet_v2(width_mult=0.35, weights=None).features
    channels, proposer = shape.channels, shape.proposer
    pyramid = BackboneWithFPN(
        stages, {"6": "0", "13": "1"}, [stages[6].out_channels, stages[13].out_channels], channels
    )
    anchors = AnchorGenerator(proposer.sizes, (proposer.ratios,) * len(proposer.sizes))
    heads: dict[str, Any] = {}
    if masks:
        heads["mask_head"] = MaskRCNNHeads(channels, (channels,) * 2, 1)
        heads["mask_predictor"] = MaskRCNNPredictor(channels, channels, classes)
    kind: Any = MaskRCNN if masks else FasterRCNN
    network = kind(
        pyramid,
        rpn_anchor_generator=anchors,
        rpn_head=RPNHead(channels, anchors.num_anchors_per_location()[0]),
        box_head=TwoMLPHead(channels * POOLED**2, _HIDDEN),
        box_predictor=FastRCNNPredictor(_HIDDEN, classes),
        min_size=shape.shorter,
        max_size=shape.longer,
        rpn_pre_nms_top_n_test=proposer.before,
        rpn_post_nms_top_n_test=proposer.after,
        rpn_pre_nms_top_n_train=_TRAINED_PROPOSALS,
        rpn_post_nms_top_n_train=_TRAINED_PROPOSALS,
        box_batch_size_per_image=_TRAINED_REGIONS,
        **heads,
    )
    return lively(network)


def parts(shape: Shape, classes: int, masks: bool = False) -> tuple[Part, ...]:
    """The graph of backbone, pyramid and proposals, that of the second stage, and that of the masks."""
    side = -(-shape.longer // 32) * 32
    pyramid = len(shape.proposer.sizes)
    outputs = [
        *(TensorSpec(f"map_{n}", "float32", ("batch", shape.channels, f"h{n}", f"w{n}")) for n in range(shape.maps)),
        *(
            TensorSpec(
                f"{name}_{n}", "float32", ("batch", each * len(sizes) * len(shape.proposer.ratios), f"h{n}", f"w{n}")
            )
            for name, each in (("score", 1), ("delta", 4))
            for n, sizes in zip(range(pyramid), shape.proposer.sizes, strict=True)
        ),
    ]
    propose = Part(
        name="proposals",
        module=proposing,
        inputs=(TensorSpec("images", "float32", ("batch", 3, "height", "width")),),
        outputs=tuple(outputs),
        size={"height": side, "width": side},
    )
    classify = Part(
        name="regions",
        module=classifying,
        inputs=(TensorSpec("regions", "float32", ("batch", shape.channels, POOLED, POOLED)),),
        outputs=(
            TensorSpec("logits", "float32", ("batch", classes)),
            TensorSpec("offsets", "float32", ("batch", 4 * classes)),
        ),
    )
    if not masks:
        return propose, classify
    mask = Part(
        name="masks",
        module=masking,
        inputs=(TensorSpec("objects", "float32", ("batch", shape.channels, instances.POOLED, instances.POOLED)),),
        outputs=(TensorSpec("masks", "float32", ("batch", classes, instances.CELLS, instances.CELLS)),),
    )
    return propose, classify, mask


def proposing(network: Any) -> Any:
    """[N, 3, H, W] to the maps of the pyramid that regions are pooled from, then scores and offsets of every map."""
    from torch import nn

    class Proposing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone, self.head = network.backbone, network.rpn.head
            self.pooled = network.roi_heads.box_roi_pool.featmap_names

        def forward(self, images: Any) -> tuple[Any, ...]:
            maps = self.backbone(images)
            scores, deltas = self.head(list(maps.values()))
            return (*(found for name, found in maps.items() if name in self.pooled), *scores, *deltas)

    return Proposing()


def classifying(network: Any) -> Any:
    """[R, C, 7, 7], regions of the maps, to logits [R, classes] and offsets [R, 4 * classes]."""
    from torch import nn

    return nn.Sequential(network.roi_heads.box_head, network.roi_heads.box_predictor)


def masking(network: Any) -> Any:
    """[R, C, 14, 14], regions of the maps, to the logits of a mask for each class [R, classes, 28, 28]."""
    from torch import nn

    return nn.Sequential(network.roi_heads.mask_head, network.roi_heads.mask_predictor)
