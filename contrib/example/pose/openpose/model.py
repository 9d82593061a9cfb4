"""OpenPose: maps of points and of limbs in one go, and people put together from them, without boxes."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from engine.spec import TensorSpec
from utils.datasets.samples.figures import write_keypoints
from utils.keypoints import OPENPOSE, OPENPOSE_LIMBS, OPENPOSE_SPARE, coco_points
from utils.postprocess.pytorch.part_fields import PartFieldDecoder
from utils.preprocess.pytorch.detection import Letterbox
from zoo.catalogue import beside
from zoo.family import Family
from zoo.index import DEMOS
from zoo.libraries import pytorchcv
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.people import PeoplesPoses

FOLDER = Path(__file__).resolve().parent
LIGHT, SAMPLE = "lwopenpose2d_mobilenet_cmupan_coco", "openpose_sample"
DATA = "cocohpe"  # as pytorchcv calls COCO's keypoints


class Shape(NamedTuple):
    """A network.

    Attributes:
        side: of the input, in pixels.
        stride: pixels of it from a cell to the next.
        enlarge: by what the maps are enlarged.
        least: above what a point is looked at; the sample's was chosen on pictures that are neither trained nor
            measured on.
    """

    side: int
    stride: int
    enlarge: int
    least: float


SHAPES = {LIGHT: Shape(384, 8, 4, 0.1), SAMPLE: Shape(192, 4, 1, 0.25)}


def decoder(variant: str) -> PartFieldDecoder:
    """How people are put together from the maps of a variant."""
    shape = SHAPES[variant]
    return PartFieldDecoder(
        OPENPOSE, OPENPOSE_LIMBS, coco_points(), OPENPOSE_SPARE, enlarge=shape.enlarge, least_point=shape.least
    )


def build(variant: str) -> Any:
    """float32 [N, 3, H, W] to maps [N, 57, h, w]; pytorchcv's network takes normalised pixels, see `pixels`."""
    if variant == SAMPLE:
        return beside(__file__, "network").Narrow(decoder(variant).channels)
    from pytorchcv.model_provider import get_model

    return get_model(variant, pretrained=False)


def pixels(made: Any) -> Any:
    """pytorchcv's network of normalised pixels as one of pixels from 0 to 255."""
    return beside(__file__, "network").Pixels(made)


def model(variant: str) -> Model:
    """What is known of a variant."""
    shape, sample = SHAPES[variant], variant == SAMPLE
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("images", "float32", ("batch", 3, "height", "width")),),
                outputs=(TensorSpec("maps", "float32", ("batch", decoder(variant).channels, "rows", "columns")),),
                size={"height": shape.side, "width": shape.side},
                module=None if sample else pixels,
            ),
        ),
        task=PeoplesPoses(Letterbox(shape.side), decoder(variant)),
        sample=SampleData("figures_coco", 1, write_keypoints, "drawn figures"),
        demos=DEMOS / "figures",
        source="pytorchcv" if not sample else "written for this repository after the paper",
        licence="MIT (pytorchcv, code and weights); sample weights: BSD-3-Clause",
        paper="Cao et al., Realtime Multi-Person 2D Pose Estimation using Part Affinity Fields, 2017; Osokin, "
        "Real-time 2D Multi-Person Pose Estimation on CPU: Lightweight OpenPose, 2018",
        pretrained=None if sample else partial(pytorchcv.pretrained, variant, DATA),
        published=None
        if sample
        else Published(
            "map",
            pytorchcv.precision(variant, DATA),
            "pytorchcv's own table, COCO val2017 keypoints, https://github.com/osmr/imgclsmob",
        ),
    )


MODEL = Family(
    domain="pose",
    name="openpose",
    title="OpenPose",
    framework="pytorch",
    folder=FOLDER,
    names=tuple(SHAPES),
    default=SAMPLE,
    make=model,
)
