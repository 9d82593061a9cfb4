"""Mask R-CNN: torchvision's two-stage detectors with a mask for each object, in three graphs."""

from functools import partial
from pathlib import Path
from typing import Any

from utils.datasets.samples.scenes import CLASSES, STAND_INS
from utils.datasets.samples.scenes_masks import write_coco_masks
from utils.postprocess.labels import coco, coco_of_91
from utils.postprocess.pytorch.two_stage import Proposer, RegionDecoder
from utils.preprocess.pytorch.rcnn import RcnnTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries import rcnn
from zoo.libraries.rcnn import RESNET_ANCHORS, SAMPLE_ANCHORS, Shape
from zoo.libraries.torchvision_detection import torchvision_detector
from zoo.model import Model, Published, SampleData
from zoo.tasks.instance_segmentation import InstanceSegmentation

SAMPLE, MOBILE = "maskrcnn_sample", "maskrcnn_mobilenet_v1_fpn"

SHAPES = {
    "maskrcnn_resnet50_fpn": Shape(800, 1333, Proposer(RESNET_ANCHORS), 4, published=0.379, masks=0.346),
    "maskrcnn_resnet50_fpn_v2": Shape(800, 1333, Proposer(RESNET_ANCHORS), 4, published=0.474, masks=0.418),
    MOBILE: Shape(800, 1333, Proposer(RESNET_ANCHORS), 4),
    SAMPLE: Shape(160, 224, Proposer(SAMPLE_ANCHORS, before=100, after=100), 2, channels=48),
}


def classes_of(variant: str) -> tuple[int, ...]:
    """The index among the labels of each of the network's classes; -1 for those that are not among them."""
    return (-1, *range(len(CLASSES))) if variant == SAMPLE else coco_of_91()


def build(variant: str) -> Any:
    """A list of float32 [3, H, W], RGB 0 to 1, to a dictionary of boxes, labels, scores and masks each."""
    shape, classes = SHAPES[variant], len(classes_of(variant))
    if shape.published is not None:
        return rcnn.published(variant, 0.12 if variant.endswith("_v2") else rcnn.DEVIATION)
    if variant == SAMPLE:
        return rcnn.narrow(shape, classes, masks=True)
    return beside(__file__, "network").mobile(classes)


def model(variant: str) -> Model:
    """What is known of a variant."""
    shape, classes, sample = SHAPES[variant], classes_of(variant), variant == SAMPLE
    beyond: dict[str, Any] = {}
    if variant == MOBILE:
        beyond = {"source": "timm, torchvision", "licence": "BSD-3-Clause, Apache-2.0 (timm)"}
    if shape.masks:
        beyond["published"] = Published("mask_map", shape.masks, "torchvision, COCO val2017")
    return torchvision_detector(
        variant,
        shape.published,
        build=partial(build, variant),
        parts=rcnn.parts(shape, len(classes), masks=True),
        task=InstanceSegmentation(
            transform=RcnnTransform(shape.shorter, shape.longer),
            decoder=RegionDecoder(classes),
            proposer=shape.proposer,
            labels=CLASSES if sample else coco(),
        ),
        sample=SampleData("scenes_coco_masks", 1, write_coco_masks)
        if sample
        else SampleData("scenes_coco_masks_stand_ins", 1, partial(write_coco_masks, names=STAND_INS)),
        paper="He et al., Mask R-CNN, 2017",
        **beyond,
    )


MODEL = Family(
    domain="segmentation",
    name="mask_rcnn",
    title="Mask R-CNN",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    default=SAMPLE,
    make=model,
)
