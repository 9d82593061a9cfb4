"""PFLD finds 68 points of a face."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.face_points import write_face_points
from utils.postprocess.pytorch.face_points import PointsDecoder
from utils.preprocess.pytorch.pose import PoseTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.index import DEMOS
from zoo.model import Model, Part, SampleData
from zoo.tasks.face_points import FaceLandmarks

SIDE, POINTS = 112, 68
# What the paper's channels are multiplied by
WIDTHS = {"pfld_025": 0.25, "pfld": 1.0}


def build(variant: str) -> Any:
    """[N, 3, 112, 112] float32 to [N, 136]; see network.py."""
    return beside(__file__, "network").Pfld(POINTS, WIDTHS[variant])


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 3, SIDE, SIDE)),),
                outputs=(TensorSpec("points", "float32", ("batch", 2 * POINTS)),),
            ),
        ),
        task=FaceLandmarks(PoseTransform(SIDE, SIDE), PointsDecoder(POINTS)),
        sample=SampleData("face_points", 1, write_face_points, "drawn faces"),
        demos=DEMOS / "portraits",
        source="written for this repository after the paper",
        licence="BSD-3-Clause; the sample is drawn by this repository",
        paper="Guo et al., PFLD: A Practical Facial Landmark Detector, 2019",
    )


MODEL = Family(
    domain="face",
    name="face_landmarks",
    title="PFLD",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(WIDTHS),
    make=model,
)
