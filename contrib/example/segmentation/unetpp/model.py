"""UNet++ on drawn scenes, from segmentation_models_pytorch."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from engine.spec import TensorSpec
from utils.datasets.samples.scenes_voc import LABELS, write_voc
from utils.preprocess.pytorch.segmentation import SegmentationTransform
from zoo.family import Family
from zoo.model import Model, Part, SampleData
from zoo.tasks.detection import SCENES
from zoo.tasks.segmentation import SemanticSegmentation

SIZE = 128


class Shape(NamedTuple):
    """The library's name of the path down, and the channels of the path up, one a halving."""

    encoder: str
    channels: tuple[int, ...]


SHAPES = {
    "unetpp_narrow": Shape("tu-lcnet_035", (24, 16, 16, 8)),
    "unetpp_resnet34": Shape("resnet34", (256, 128, 64, 32, 16)),
}


def build(variant: str) -> Any:
    """The library's network: [N, 3, H, W] to logits [N, 5, H, W]."""
    from segmentation_models_pytorch import UnetPlusPlus

    shape = SHAPES[variant]
    return UnetPlusPlus(
        encoder_name=shape.encoder,
        encoder_depth=len(shape.channels),
        encoder_weights=None,
        decoder_channels=shape.channels,
        classes=len(LABELS),
    )


def model(variant: str) -> Model:
    """What is known of a variant."""
    stride = 1 << len(SHAPES[variant].channels)
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 3, "height", "width")),),
                outputs=(TensorSpec("output", "float32", ("batch", len(LABELS), "height", "width")),),
                size={"height": SIZE, "width": SIZE},
            ),
        ),
        task=SemanticSegmentation(SegmentationTransform(SIZE, SIZE, stride), LABELS),
        sample=SampleData("scenes_voc", 1, write_voc, "drawn scenes"),
        source="segmentation_models_pytorch",
        licence="MIT (segmentation_models_pytorch); the weights and the sample of this repository: BSD-3-Clause",
        paper="Zhou et al., UNet++: A Nested U-Net Architecture for Medical Image Segmentation, 2018",
        demos=SCENES,
    )


MODEL = Family(
    domain="segmentation",
    name="unetpp",
    title="UNet++",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    make=model,
)
