"""CenterFace: faces and five landmarks, without anchors."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.faces import write_faces
from utils.preprocess.pytorch.face import FaceTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.model import Model, Part, Published, SampleData
from zoo.tasks.face import FaceDetection

WIDTHS = {"centerface_half": 0.5, "centerface": 1.0}
SIZE = 320


def build(variant: str) -> Any:
    """[N, 3, H, W] to heatmap, scale, offset and landmarks at a quarter of the size; see network.py."""
    return beside(__file__, "network").CenterFace(WIDTHS[variant])


PUBLISHED = {
    "centerface": Published(
        "ap50", 0.935, "the paper, WIDER FACE validation set, easy faces, several scales; not the drawn faces"
    ),
}


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 3, "height", "width")),),
                outputs=(
                    TensorSpec("heatmap", "float32", ("batch", 1, "rows", "columns")),
                    TensorSpec("scale", "float32", ("batch", 2, "rows", "columns")),
                    TensorSpec("offset", "float32", ("batch", 2, "rows", "columns")),
                    TensorSpec("landmarks", "float32", ("batch", 10, "rows", "columns")),
                ),
                size={"height": SIZE, "width": SIZE},
            ),
        ),
        task=FaceDetection(FaceTransform(SIZE, SIZE)),
        sample=SampleData("faces", 1, write_faces, "drawn faces"),
        source="written for this repository after the paper, on torchvision's MobileNetV2",
        licence="BSD-3-Clause; the sample is drawn by this repository",
        paper="Xu et al., CenterFace: Joint Face Detection and Alignment Using Face as Point, 2019",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="face",
    name="centerface",
    title="CenterFace",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(WIDTHS),
    make=model,
)
