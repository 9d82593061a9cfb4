"""SSD: one-stage detectors with default boxes, for pictures of one size: torchvision's, and others put together from
backbones of timm and torchvision's heads."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from engine.spec import TensorSpec
from utils.anchors import DefaultBoxes
from utils.datasets.samples.scenes import CLASSES as SCENE_CLASSES
from utils.postprocess.labels import coco, coco_of_91
from utils.postprocess.pytorch.one_stage import DefaultBoxDecoder
from utils.preprocess.pytorch.rcnn import StretchTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.torchvision import published_network
from zoo.libraries.torchvision_detection import torchvision_detector
from zoo.model import Model, Part
from zoo.tasks.detection import ObjectDetection

SAMPLE = "ssd_sample"
PAPER = "Liu et al., SSD: Single Shot MultiBox Detector, 2016"
CLASSES = coco_of_91()
LITE_SCALES = (*(0.2 + (0.95 - 0.2) * number / 5 for number in range(6)), 1.0)
# of the networks that are put together here: six maps with more, and larger, boxes towards the last
SIX_RATIOS = ((2,), (2, 3), (2, 3), (2, 3), (2,), (2,))
SIX_SCALES = (0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05)
FIVE_SCALES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.0)  # four cells of each map of a pyramid


class Backbone(NamedTuple):
    """As network.Maps has it; light: heads of separable convolutions."""

    name: str
    levels: tuple[int, ...]
    extra: tuple[int, ...]
    pyramid: int | None = None
    light: bool = False


class Shape(NamedTuple):
    """What a network is, and what stands around it.

    Attributes:
        published: COCO's mean average precision.
        backbone: of a network that is put together here; None: it is torchvision's, or the sample's.
    """

    transform: StretchTransform
    decoder: DefaultBoxDecoder
    paper: str = PAPER
    published: float | None = None
    backbone: Backbone | None = None


def six_maps(name: str, grids: tuple[int, ...], levels: tuple[int, ...], extra: tuple[int, ...]) -> Shape:
    """Six maps of a picture of 300 pixels, the last ones behind the backbone."""
    decoder = DefaultBoxDecoder(CLASSES, DefaultBoxes(300, grids, SIX_RATIOS, SIX_SCALES))
    return Shape(StretchTransform(300), decoder, backbone=Backbone(name, levels, extra))


def pyramid(name: str, side: int, channels: int, light: bool = False) -> Shape:
    """Five maps with strides of 8 to 128, of which the first three are led from the last to the first."""
    grids = tuple(-(-side // stride) for stride in (8, 16, 32, 64, 128))
    decoder = DefaultBoxDecoder(CLASSES, DefaultBoxes(side, grids, ((2, 3),) * 5, FIVE_SCALES))
    return Shape(StretchTransform(side), decoder, backbone=Backbone(name, (2, 3, 4), (channels,) * 2, channels, light))


SHAPES = {
    "ssd300_vgg16": Shape(
        StretchTransform(300, (0.48235, 0.45882, 0.40784), (1 / 255, 1 / 255, 1 / 255)),
        DefaultBoxDecoder(
            CLASSES, DefaultBoxes(300, (38, 19, 10, 5, 3, 1), SIX_RATIOS, SIX_SCALES, (8, 16, 32, 64, 100, 300))
        ),
        published=0.251,
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
    "ssd_mobilenet_v2": six_maps("mobilenetv2_100", (19, 10, 5, 3, 2, 1), (3, 4), (512, 256, 256, 128)),
    "ssd_ghostnet": six_maps("ghostnet_100", (19, 10, 5, 3, 2, 1), (3, 4), (512, 256, 256, 128)),
    "ssd_resnet50": six_maps("resnet50", (38, 19, 10, 5, 3, 2), (2, 3, 4), (512, 256, 256)),
    "ssd_mobilenet_v1_fpn": pyramid("mobilenetv1_100", 640, 256),
    "ssd_mobilenet_v2_fpnlite": pyramid("mobilenetv2_100", 320, 128, light=True),
    "ssd_resnet50_fpn": pyramid("resnet50", 640, 256),
    SAMPLE: Shape(
        StretchTransform(160),
        DefaultBoxDecoder(
            (-1, *range(len(SCENE_CLASSES))),
            DefaultBoxes(160, (20, 10, 5, 3), ((2,),) * 4, (0.12, 0.24, 0.4, 0.6, 0.85)),
        ),
    ),
}


def build(variant: str) -> Any:
    """A list of float32 [3, H, W], RGB 0 to 1, to a dictionary of boxes, labels and scores each."""
    network, shape = beside(__file__, "network"), SHAPES[variant]
    if shape.published is not None:
        return network.lively(published_network(variant, "COCO_V1"))
    of = shape.backbone
    maps = network.Maps(of.name, of.levels, of.extra, of.pyramid) if of else network.NarrowMaps()
    return network.put_together(maps, maps.channels, shape.transform, shape.decoder, bool(of and of.light))


def model(variant: str) -> Model:
    """What is known of a variant."""
    shape, sample = SHAPES[variant], variant == SAMPLE
    side, boxes = shape.transform.side, len(shape.decoder.boxes.in_pixels())
    published = shape.published is not None
    beyond = (
        {} if shape.backbone is None else {"source": "timm, torchvision", "licence": "BSD-3-Clause, Apache-2.0 (timm)"}
    )
    return torchvision_detector(
        variant,
        shape.published,
        sample,
        build=partial(build, variant),
        parts=(
            Part(
                module=lambda network: beside(__file__, "network").Rows(network),
                inputs=(TensorSpec("images", "float32", ("batch", 3, side, side)),),
                outputs=(
                    TensorSpec("logits", "float32", ("batch", boxes, len(shape.decoder.classes))),
                    TensorSpec("offsets", "float32", ("batch", boxes, 4)),
                ),
            ),
        ),
        task=ObjectDetection(shape.transform, shape.decoder, SCENE_CLASSES if sample else coco()),
        paper=shape.paper,
        restore=partial(published_network, variant, "COCO_V1") if published else None,
        **beyond,
    )


MODEL = Family(
    domain="detection",
    name="ssd",
    title="SSD",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    default=SAMPLE,
    make=model,
)
