"""Faster R-CNN: torchvision's two-stage detectors, in two graphs."""

from functools import partial
from pathlib import Path
from typing import Any

from utils.datasets.samples.scenes import CLASSES
from utils.postprocess.labels import coco, coco_of_91
from utils.postprocess.pytorch.two_stage import Proposer, RegionDecoder
from utils.preprocess.pytorch.rcnn import RcnnTransform
from zoo.family import Family
from zoo.libraries import rcnn
from zoo.libraries.rcnn import MOBILENET_ANCHORS, RESNET_ANCHORS, SAMPLE_ANCHORS, Shape
from zoo.libraries.torchvision_detection import torchvision_detector
from zoo.model import Model
from zoo.tasks.two_stage_detection import TwoStageDetection

SAMPLE = "fasterrcnn_sample"

SHAPES = {
    "fasterrcnn_resnet50_fpn": Shape(800, 1333, Proposer(RESNET_ANCHORS), 4, published=0.370),
    "fasterrcnn_resnet50_fpn_v2": Shape(800, 1333, Proposer(RESNET_ANCHORS), 4, published=0.467),
    "fasterrcnn_mobilenet_v3_large_fpn": Shape(800, 1333, Proposer(MOBILENET_ANCHORS, score=0.05), 2, published=0.328),
    "fasterrcnn_mobilenet_v3_large_320_fpn": Shape(
        320, 640, Proposer(MOBILENET_ANCHORS, before=150, after=150, score=0.05), 2, published=0.228
    ),
    "fasterrcnn_resnet101_fpn": Shape(800, 1333, Proposer(RESNET_ANCHORS), 4),
    "fasterrcnn_resnet152_fpn": Shape(800, 1333, Proposer(RESNET_ANCHORS), 4),
    SAMPLE: Shape(160, 224, Proposer(SAMPLE_ANCHORS, before=100, after=100), 2, channels=48),
}
# of random heads, where the usual one says the same of every region, or lets nothing pass
DEVIATION = {
    "fasterrcnn_resnet50_fpn_v2": 0.12,
    "fasterrcnn_mobilenet_v3_large_fpn": 0.25,
    "fasterrcnn_mobilenet_v3_large_320_fpn": 0.25,
}


def classes_of(variant: str) -> tuple[int, ...]:
    """The index among the labels of each of the network's classes; -1 for those that are not among them."""
    return (-1, *range(len(CLASSES))) if variant == SAMPLE else coco_of_91()


def build(variant: str) -> Any:
    """A list of float32 [3, H, W], RGB 0 to 1, to a dictionary of boxes, labels and scores each."""
    shape = SHAPES[variant]
    if shape.published is not None:
        return rcnn.published(variant, DEVIATION.get(variant, rcnn.DEVIATION))
    if variant == SAMPLE:
        return rcnn.narrow(shape, len(classes_of(variant)))
    return deep(variant.split("_")[1])


def deep(backbone: str) -> Any:
    """As the library's own Faster R-CNN, on a deeper ResNet with a pyramid, such as "resnet101"."""
    from torchvision.models.detection import FasterRCNN
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

    return rcnn.lively(FasterRCNN(resnet_fpn_backbone(backbone_name=backbone, weights=None), len(coco_of_91())))


def model(variant: str) -> Model:
    """What is known of a variant."""
    shape, classes, sample = SHAPES[variant], classes_of(variant), variant == SAMPLE
    return torchvision_detector(
        variant,
        shape.published,
        sample,
        build=partial(build, variant),
        parts=rcnn.parts(shape, len(classes)),
        task=TwoStageDetection(
            transform=RcnnTransform(shape.shorter, shape.longer),
            decoder=RegionDecoder(classes),
            proposer=shape.proposer,
            labels=CLASSES if sample else coco(),
        ),
        paper="Ren et al., Faster R-CNN: Towards Real-Time Object Detection with Region Proposal Networks, 2015",
    )


MODEL = Family(
    domain="detection",
    name="faster_rcnn",
    title="Faster R-CNN",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    default=SAMPLE,
    make=model,
)
