"""RetinaNet: torchvision's one-stage detectors with a pyramid of maps."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from engine.spec import TensorSpec
from utils.datasets.samples.scenes import CLASSES
from utils.postprocess.labels import coco, coco_of_91
from utils.postprocess.pytorch.one_stage import PyramidDecoder
from utils.preprocess.pytorch.rcnn import RcnnTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.torchvision import published_network
from zoo.libraries.torchvision_detection import torchvision_detector
from zoo.model import Model, Part
from zoo.tasks.padded_detection import PaddedDetection

SAMPLE = "retinanet_sample"
# Of each map a size and those a third and two thirds of an octave above it
ANCHORS = tuple((size, int(size * 2 ** (1 / 3)), int(size * 2 ** (2 / 3))) for size in (32, 64, 128, 256, 512))
SAMPLE_ANCHORS = ((16, 20, 25), (32, 40, 50), (64, 80, 101))


class Shape(NamedTuple):
    """What the library's builder says of a network.

    Attributes:
        shorter, longer: sides of a picture in pixels.
        anchors: of each map, in pixels.
        published: COCO's mean average precision.
    """

    shorter: int
    longer: int
    anchors: tuple[tuple[int, ...], ...]
    published: float | None = None


SHAPES = {
    "retinanet_resnet50_fpn": Shape(800, 1333, ANCHORS, 0.364),
    "retinanet_resnet50_fpn_v2": Shape(800, 1333, ANCHORS, 0.415),
    SAMPLE: Shape(160, 224, SAMPLE_ANCHORS),
}


def classes_of(variant: str) -> tuple[int, ...]:
    """The index among the labels of each of the network's classes; -1 for those that are not among them."""
    return tuple(range(len(CLASSES))) if variant == SAMPLE else coco_of_91()


def build(variant: str) -> Any:
    """A list of float32 [3, H, W], RGB 0 to 1, to a dictionary of boxes, labels and scores each."""
    network, shape = beside(__file__, "network"), SHAPES[variant]
    if variant == SAMPLE:
        return network.narrow(len(CLASSES), SAMPLE_ANCHORS, shape.shorter, shape.longer)
    return network.lively(published_network(variant, "COCO_V1"))


def part(shape: Shape, classes: int) -> Part:
    """The graph of backbone, pyramid and heads."""
    side = -(-shape.longer // 32) * 32
    return Part(
        module=lambda network: beside(__file__, "network").Maps(network),
        inputs=(TensorSpec("images", "float32", ("batch", 3, "height", "width")),),
        outputs=tuple(
            TensorSpec(f"{name}_{n}", "float32", ("batch", each * len(sizes) * 3, f"h{n}", f"w{n}"))
            for name, each in (("score", classes), ("delta", 4))
            for n, sizes in enumerate(shape.anchors)
        ),
        size={"height": side, "width": side},
    )


def model(variant: str) -> Model:
    """What is known of a variant."""
    shape, classes, sample = SHAPES[variant], classes_of(variant), variant == SAMPLE
    return torchvision_detector(
        variant,
        shape.published,
        sample,
        build=partial(build, variant),
        parts=(part(shape, len(classes)),),
        task=PaddedDetection(
            transform=RcnnTransform(shape.shorter, shape.longer),
            decoder=PyramidDecoder(classes, shape.anchors),
            labels=CLASSES if sample else coco(),
        ),
        paper="Lin et al., Focal Loss for Dense Object Detection, 2017",
        restore=None if sample else partial(published_network, variant, "COCO_V1"),
    )


MODEL = Family(
    domain="detection",
    name="retinanet",
    title="RetinaNet",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    default=SAMPLE,
    make=model,
)
