"""YOLOX: an anchor-free detector, on COCO's classes and, as a sample, on drawn scenes."""

from functools import partial
from pathlib import Path
from typing import Any

from zoo.catalogue import beside
from zoo.family import Family
from zoo.frameworks.onnx_weights import state_from_onnx
from zoo.libraries.yolox import SAMPLE, SHAPES, labels_of, released, yolox
from zoo.model import Model, Pretrained

# The authors' nano as the ONNX file of their release, at an address that states a commit.
NANO = (
    "https://raw.githubusercontent.com/Kazuhito00/YOLOX-ONNX-TFLite-Sample/3d4f1119d0694200671c08069ecb847aa0d8495a"
    "/model/yolox_nano.onnx"
)


def build(variant: str) -> Any:
    """[N, 3, H, W] float32, BGR 0 to 255, to [N, cells, 5 + classes]: raw boxes and probabilities."""
    shape = SHAPES[variant]
    return beside(__file__, "network").YOLOX(len(labels_of(variant)), shape.depth, shape.width, shape.depthwise)


PRETRAINED = {
    "yolox_nano": Pretrained(
        NANO,
        3.7,
        "695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14",
        convert=partial(state_from_onnx, build=partial(build, "yolox_nano")),
    ),
}


def model(variant: str) -> Model:
    """What is known of a variant: its classes and the size of its input are its own."""
    return yolox(
        variant,
        PRETRAINED.get(variant) or released(variant),
        build=partial(build, variant),
        source="written for this repository after the paper; parameter names of the published weights",
    )


MODEL = Family(
    domain="detection",
    name="yolox",
    title="YOLOX",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    default=SAMPLE,
    offline=SAMPLE,
    make=model,
)
