"""UNet++ on drawn scenes, from segmentation_models_pytorch."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from utils.datasets.samples.scenes_voc import LABELS
from zoo.family import Family
from zoo.libraries.scene_segmenter import scene_segmenter
from zoo.model import Model
from zoo.tasks.detection import SCENES

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
    return scene_segmenter(
        SIZE,
        1 << len(SHAPES[variant].channels),
        build=partial(build, variant),
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
