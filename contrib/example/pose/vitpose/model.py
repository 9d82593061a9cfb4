"""ViTPose: a plain vision transformer finds the points of a person."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from engine.spec import TensorSpec
from utils.datasets.samples.figures import write_keypoints
from utils.keypoints import coco_points
from utils.postprocess.pytorch.pose import HeatmapDecoder
from utils.preprocess.pytorch.pose import PoseTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.index import DEMOS
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.pose import PoseEstimation

FOLDER = Path(__file__).resolve().parent
SAMPLE = "vitpose_sample"
POINTS = coco_points()
REPOSITORY = "https://github.com/ViTAE-Transformer/ViTPose"


class Shape(NamedTuple):
    """A network, as network.py takes it, and COCO's average precision that its authors publish."""

    height: int
    width: int
    wide: int
    layers: int
    heads: int
    simple: bool
    published: float = 0.0


SHAPES = {
    "vitpose_base_simple": Shape(256, 192, 768, 12, 12, True, 0.755),
    "vitpose_base": Shape(256, 192, 768, 12, 12, False, 0.758),
    SAMPLE: Shape(64, 48, 48, 2, 4, True),
}


def build(variant: str) -> Any:
    """The library's network, whose names its checkpoints have; see network.py."""
    network = beside(__file__, "network")
    return network.vitpose(network.Shape(*SHAPES[variant][:6]), len(POINTS))


def model(variant: str) -> Model:
    """What is known of a variant."""
    shape = SHAPES[variant]
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("images", "float32", ("batch", 3, shape.height, shape.width)),),
                outputs=(TensorSpec("maps", "float32", ("batch", len(POINTS), shape.height // 4, shape.width // 4)),),
                module=lambda made: beside(__file__, "network").Maps(made),
            ),
        ),
        task=PoseEstimation(
            PoseTransform(shape.height, shape.width, unbiased=True), HeatmapDecoder(len(POINTS), unbiased=True)
        ),
        sample=SampleData("figures_coco", 1, write_keypoints, "drawn figures"),
        demos=DEMOS / "figures",
        source="transformers",
        licence="Apache-2.0 (transformers)",
        paper="Xu et al., ViTPose: Simple Vision Transformer Baselines for Human Pose Estimation, 2022",
        published=Published("map", shape.published, f"{REPOSITORY}, COCO val2017 keypoints, boxes of a detector")
        if shape.published
        else None,
    )


MODEL = Family(
    domain="pose",
    name="vitpose",
    title="ViTPose",
    framework="pytorch",
    folder=FOLDER,
    names=tuple(SHAPES),
    default=SAMPLE,
    make=model,
)
