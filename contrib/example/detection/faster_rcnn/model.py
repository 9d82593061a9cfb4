"""Faster R-CNN: torchvision's two-stage detectors, in two graphs."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from engine.spec import TensorSpec
from utils.datasets.samples.scenes import CLASSES, STAND_INS, write_coco
from utils.postprocess.labels import coco, coco_of_91
from utils.postprocess.pytorch.two_stage import Proposer, RegionDecoder
from utils.preprocess.pytorch.rcnn import RcnnTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.frameworks.pytorch import torchvision_pretrained
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.detection import SCENES
from zoo.tasks.two_stage_detection import TwoStageDetection

SAMPLE = "fasterrcnn_sample"
RESNET_ANCHORS = ((32,), (64,), (128,), (256,), (512,))
MOBILENET_ANCHORS = ((32, 64, 128, 256, 512),) * 3
SAMPLE_ANCHORS = ((16, 24, 32, 48, 64),) * 3


class Shape(NamedTuple):
    """What the library's builder says of a network.

    Attributes:
        shorter, longer: sides of a picture in pixels.
        proposer: how regions are proposed.
        maps, channels: that regions are pooled from.
        published: COCO's mean average precision.
    """

    shorter: int
    longer: int
    proposer: Proposer
    maps: int
    channels: int = 256
    published: float | None = None


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


def classes_of(variant: str) -> tuple[int, ...]:
    """The index among the labels of each of the network's classes; -1 for those that are not among them."""
    return (-1, *range(len(CLASSES))) if variant == SAMPLE else coco_of_91()


def build(variant: str) -> Any:
    """A list of float32 [3, H, W], RGB 0 to 1, to a dictionary of boxes, labels and scores each."""
    network = beside(__file__, "network")
    shape = SHAPES[variant]
    if shape.published is not None:
        return network.published(variant)
    if variant != SAMPLE:
        return network.deep(variant.split("_")[1])
    return network.narrow(
        len(classes_of(variant)), SAMPLE_ANCHORS, shape.shorter, shape.longer, shape.proposer.before, shape.channels
    )


def parts(shape: Shape, classes: int) -> tuple[Part, Part]:
    """The graph of backbone, pyramid and proposals, and that of the second stage."""
    side = -(-shape.longer // 32) * 32
    pyramid = len(shape.proposer.sizes)
    outputs = [
        *(TensorSpec(f"map_{n}", "float32", ("batch", shape.channels, f"h{n}", f"w{n}")) for n in range(shape.maps)),
        *(
            TensorSpec(f"{name}_{n}", "float32", ("batch", each * len(sizes) * 3, f"h{n}", f"w{n}"))
            for name, each in (("score", 1), ("delta", 4))
            for n, sizes in zip(range(pyramid), shape.proposer.sizes, strict=True)
        ),
    ]
    propose = Part(
        name="proposals",
        module=lambda network: beside(__file__, "network").Proposing(network),
        inputs=(TensorSpec("images", "float32", ("batch", 3, "height", "width")),),
        outputs=tuple(outputs),
        size={"height": side, "width": side},
    )
    classify = Part(
        name="regions",
        module=lambda network: beside(__file__, "network").Classifying(network),
        inputs=(TensorSpec("regions", "float32", ("batch", shape.channels, 7, 7)),),
        outputs=(
            TensorSpec("logits", "float32", ("batch", classes)),
            TensorSpec("offsets", "float32", ("batch", 4 * classes)),
        ),
    )
    return propose, classify


def model(variant: str) -> Model:
    """What is known of a variant."""
    shape, classes = SHAPES[variant], classes_of(variant)
    sample, published = variant == SAMPLE, shape.published is not None
    return Model(
        build=partial(build, variant),
        parts=parts(shape, len(classes)),
        task=TwoStageDetection(
            transform=RcnnTransform(shape.shorter, shape.longer),
            decoder=RegionDecoder(classes),
            proposer=shape.proposer,
            labels=CLASSES if sample else coco(),
        ),
        sample=SampleData("scenes_coco", 1, write_coco)
        if sample
        else SampleData("scenes_coco_stand_ins", 1, partial(write_coco, names=STAND_INS)),
        demos=SCENES,
        source="torchvision" if published else "put together from torchvision's modules",
        licence="BSD-3-Clause; torchvision publishes its weights under the same, they are trained on COCO",
        paper="Ren et al., Faster R-CNN: Towards Real-Time Object Detection with Region Proposal Networks, 2015",
        pretrained=partial(torchvision_pretrained, variant, "COCO_V1") if published else None,
        published=Published("map", shape.published, "torchvision, COCO val2017") if shape.published else None,
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
