"""SSD: torchvision's one-stage detectors with default boxes, for pictures of one size."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from engine.spec import TensorSpec
from utils.anchors import DefaultBoxes
from utils.postprocess.labels import coco, coco_of_91
from utils.postprocess.pytorch.one_stage import DefaultBoxDecoder
from utils.preprocess.pytorch.rcnn import StretchTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.torchvision import published_network
from zoo.libraries.torchvision_detection import torchvision_detector
from zoo.model import Model, Part
from zoo.tasks.detection import ObjectDetection

CLASSES = coco_of_91()
LITE_SCALES = (*(0.2 + (0.95 - 0.2) * number / 5 for number in range(6)), 1.0)


class Shape(NamedTuple):
    """What the library's builder says of a network. published: COCO's mean average precision."""

    transform: StretchTransform
    decoder: DefaultBoxDecoder
    paper: str
    published: float


SHAPES = {
    "ssd300_vgg16": Shape(
        StretchTransform(300, (0.48235, 0.45882, 0.40784), (1 / 255, 1 / 255, 1 / 255)),
        DefaultBoxDecoder(
            CLASSES,
            DefaultBoxes(
                300,
                (38, 19, 10, 5, 3, 1),
                ((2,), (2, 3), (2, 3), (2, 3), (2,), (2,)),
                (0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05),
                (8, 16, 32, 64, 100, 300),
            ),
        ),
        "Liu et al., SSD: Single Shot MultiBox Detector, 2016",
        0.251,
    ),
    "ssdlite320_mobilenet_v3_large": Shape(
        StretchTransform(320, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        DefaultBoxDecoder(
            CLASSES,
            DefaultBoxes(320, (20, 10, 5, 3, 2, 1), ((2, 3),) * 6, LITE_SCALES),
            score=0.001,
            nms_iou=0.55,
            candidates=300,
            most=300,
        ),
        "Howard et al., Searching for MobileNetV3, 2019",
        0.213,
    ),
}


def build(variant: str) -> Any:
    """A list of float32 [3, H, W], RGB 0 to 1, to a dictionary of boxes, labels and scores each."""
    return beside(__file__, "network").lively(published_network(variant, "COCO_V1"))


def model(variant: str) -> Model:
    """What is known of a variant."""
    shape = SHAPES[variant]
    side, boxes = shape.transform.side, len(shape.decoder.boxes.in_pixels())
    return torchvision_detector(
        variant,
        shape.published,
        build=partial(build, variant),
        parts=(
            Part(
                module=lambda network: beside(__file__, "network").Rows(network),
                inputs=(TensorSpec("images", "float32", ("batch", 3, side, side)),),
                outputs=(
                    TensorSpec("logits", "float32", ("batch", boxes, len(CLASSES))),
                    TensorSpec("offsets", "float32", ("batch", boxes, 4)),
                ),
            ),
        ),
        task=ObjectDetection(shape.transform, shape.decoder, coco()),
        paper=shape.paper,
        restore=partial(published_network, variant, "COCO_V1"),
    )


MODEL = Family(
    domain="detection",
    name="ssd",
    title="SSD",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    default="ssdlite320_mobilenet_v3_large",
    make=model,
)
