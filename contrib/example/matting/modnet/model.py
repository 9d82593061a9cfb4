"""MODNet: how much of each pixel of a portrait belongs to the person."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from engine.spec import TensorSpec
from utils.datasets.samples.portraits import write_portraits
from utils.preprocess.pytorch.segmentation import ShorterSide
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.classifier import DEMOS
from zoo.model import Model, Part, SampleData
from zoo.tasks.matting import PortraitMatting

STRIDE, MIDDLE = 32, (0.5, 0.5, 0.5)


class Shape(NamedTuple):
    """The share of MobileNetV2's channels, the channels of the details, and the picture's shorter side in pixels."""

    share: float
    details: int
    shorter: int


SHAPES = {"modnet_tiny": Shape(0.25, 8, 128), "modnet": Shape(1.0, 32, 512)}


def build(variant: str) -> Any:
    """[N, 3, H, W] to mattes [N, 1, H, W]; see network.py."""
    shape = SHAPES[variant]
    return beside(__file__, "network").ModNet(shape.share, shape.details)


def model(variant: str) -> Model:
    """What is known of a variant."""
    shorter = SHAPES[variant].shorter
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 3, "height", "width")),),
                outputs=(TensorSpec("matte", "float32", ("batch", 1, "height", "width")),),
                size={"height": shorter, "width": shorter},
            ),
        ),
        task=PortraitMatting(ShorterSide(shorter, MIDDLE, MIDDLE, STRIDE)),
        sample=SampleData("portraits", 1, write_portraits, "drawn portraits"),
        demos=DEMOS.parent / "things",
        source="written for this repository after the paper, on torchvision's MobileNetV2",
        licence="BSD-3-Clause; the sample is drawn by this repository on photographs under CC BY 2.0",
        paper="Ke et al., MODNet: Real-Time Trimap-Free Portrait Matting via Objective Decomposition, 2022",
    )


MODEL = Family(
    domain="matting",
    name="modnet",
    title="MODNet",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    make=model,
)
