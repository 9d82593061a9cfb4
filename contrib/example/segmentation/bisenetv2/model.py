"""BiSeNet V2 on the streets of Cityscapes."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from engine.spec import TensorSpec
from utils.datasets.cityscapes import LABELS, Cityscapes
from utils.datasets.samples.scenes_cityscapes import write_cityscapes
from utils.preprocess.pytorch.segmentation import SegmentationTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.detection import SCENES
from zoo.tasks.segmentation import SemanticSegmentation

STRIDE = 32


class Shape(NamedTuple):
    """Channels of the detail branch and of the head, and the height of the input in pixels."""

    width: int
    head: int
    height: int


SHAPES = {"bisenetv2_tiny": Shape(16, 64, 128), "bisenetv2": Shape(64, 1024, 512)}
PUBLISHED = {"bisenetv2": Published("miou", 0.726, "the paper, Cityscapes test")}


def build(variant: str) -> Any:
    """[N, 3, H, W] to logits [N, 19, H, W]; see network.py."""
    shape = SHAPES[variant]
    return beside(__file__, "network").BiSeNetV2(len(LABELS), shape.width, shape.head)


def model(variant: str) -> Model:
    """What is known of a variant."""
    height = SHAPES[variant].height
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 3, "height", "width")),),
                outputs=(TensorSpec("output", "float32", ("batch", len(LABELS), "height", "width")),),
                size={"height": height, "width": 2 * height},
            ),
        ),
        task=SemanticSegmentation(SegmentationTransform(height, 2 * height, STRIDE), LABELS, layout=Cityscapes),
        sample=SampleData("scenes_cityscapes", 1, write_cityscapes, "drawn scenes"),
        demos=SCENES,
        source="written for this repository after the paper",
        licence="BSD-3-Clause; the sample is drawn by this repository",
        paper="Yu et al., BiSeNet V2: Bilateral Network with Guided Aggregation for Real-time Semantic "
        "Segmentation, 2020",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="segmentation",
    name="bisenetv2",
    title="BiSeNet V2",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    make=model,
)
