"""FaceQualityAssessment says how a head is turned, and where eyes, nose and mouth are: whether a face can be used."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.face_quality import write_face_quality
from utils.postprocess.pytorch.face_quality import ANGLES, POINTS
from utils.preprocess.pytorch.stretch import Stretch
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.narrow_resnet import Shape
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.face_quality import FaceQualityTask

SIDE = 96
# The backbone, and channels of the way up
SHAPES = {
    "face_quality_narrow": (Shape((1, 1, 1, 1), (16, 32, 64, 88), 16), 32),
    "face_quality": (Shape((1, 1, 1, 1)), 128),
}
PUBLISHED = {
    "face_quality": Published(
        "mae",
        18.02,
        "MindSpore's FaceQualityAssessment, https://gitee.com/mindspore/models: AFLW2000; error of points 0.195 of the "
        "eyes' distance",
        decimals=2,
    )
}


def build(variant: str) -> Any:
    """[N, 3, 96, 96] float32 to angles [N, 3] and maps [N, 5, 48, 48]; see network.py."""
    return beside(__file__, "network").FaceQuality(*SHAPES[variant])


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 3, SIDE, SIDE)),),
                outputs=(
                    TensorSpec("angles", "float32", ("batch", ANGLES)),
                    TensorSpec("maps", "float32", ("batch", POINTS, SIDE // 2, SIDE // 2)),
                ),
            ),
        ),
        task=FaceQualityTask(Stretch(SIDE, SIDE, 127.5, 127.5)),
        sample=SampleData("face_quality", 1, write_face_quality, "drawn faces"),
        source="written for this repository after MindSpore's description, on timm's ResNet",
        licence="BSD-3-Clause; timm: Apache-2.0; the sample is drawn by this repository",
        paper="He et al., Deep Residual Learning for Image Recognition, 2015",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="face",
    name="face_quality",
    title="FaceQualityAssessment",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    make=model,
)
