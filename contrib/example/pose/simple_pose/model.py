"""SimplePose: a backbone and three deconvolutions find the points of a person."""

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
from zoo.libraries import pytorchcv
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.pose import PoseEstimation

FOLDER = Path(__file__).resolve().parent
SAMPLE = "simplepose_sample"
DATA = "cocohpe"  # as pytorchcv calls COCO's keypoints
POINTS = coco_points()
FIGURES = SampleData("figures_coco", 1, write_keypoints, "drawn figures")


class Shape(NamedTuple):
    """The size of a network's input in pixels."""

    height: int = 256
    width: int = 192


SHAPES = {
    "simplepose_resnet18_coco": Shape(),
    "simplepose_resnet50b_coco": Shape(),
    "simplepose_resnet101b_coco": Shape(),
    "simplepose_mobile_mobilenetv2b_w1_coco": Shape(),
    SAMPLE: Shape(192, 144),
}


def build(variant: str) -> Any:
    """float32 [N, 3, H, W], RGB, normalised, to maps [N, 17, H / 4, W / 4]."""
    if variant == SAMPLE:
        return beside(__file__, "network").narrow(*SHAPES[variant], len(POINTS))
    from pytorchcv.model_provider import get_model

    return get_model(variant, pretrained=False, return_heatmap=True)


def model(variant: str) -> Model:
    """What is known of a variant."""
    shape, sample = SHAPES[variant], variant == SAMPLE
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("images", "float32", ("batch", 3, shape.height, shape.width)),),
                outputs=(TensorSpec("maps", "float32", ("batch", len(POINTS), shape.height // 4, shape.width // 4)),),
            ),
        ),
        task=PoseEstimation(PoseTransform(shape.height, shape.width), HeatmapDecoder(len(POINTS)), shift=1),
        sample=FIGURES,
        demos=DEMOS / "figures",
        source="pytorchcv" if not sample else "pytorchcv's SimplePose on a narrow backbone of this repository",
        licence="MIT (pytorchcv, code and weights); sample weights: BSD-3-Clause",
        paper="Xiao et al., Simple Baselines for Human Pose Estimation and Tracking, 2018",
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
    name="simple_pose",
    title="SimplePose",
    framework="pytorch",
    folder=FOLDER,
    names=tuple(SHAPES),
    default=SAMPLE,
    make=model,
)
