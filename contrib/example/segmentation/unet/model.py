"""U-Net on drawn scenes."""

from functools import partial
from pathlib import Path
from typing import Any

from utils.datasets.samples.scenes_voc import LABELS
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.scene_segmenter import scene_segmenter
from zoo.model import Model, Published

WIDTHS = {"unet_narrow": 8, "unet": 64}
SIZE, STRIDE = 128, 16


def build(variant: str) -> Any:
    """[N, 3, H, W] to logits [N, 5, H, W]; see network.py."""
    return beside(__file__, "network").UNet(len(LABELS), WIDTHS[variant])


PUBLISHED = {
    "unet": Published("miou", 0.9203, "the paper, ISBI cell tracking 2015, PhC-U373 cells; not the drawn scenes"),
}


def model(variant: str) -> Model:
    """What is known of a variant."""
    return scene_segmenter(
        SIZE,
        STRIDE,
        build=partial(build, variant),
        source="written for this repository after the paper",
        paper="Ronneberger, Fischer and Brox, U-Net: Convolutional Networks for Biomedical Image Segmentation, 2015",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="segmentation",
    name="unet",
    title="U-Net",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(WIDTHS),
    make=model,
)
