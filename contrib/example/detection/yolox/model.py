"""YOLOX: an anchor-free detector, on COCO's classes and, as a sample, on drawn scenes."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.scenes import CLASSES, STAND_INS, write_coco
from utils.postprocess.labels import coco
from utils.postprocess.pytorch.detection import YoloxDecoder
from utils.preprocess.pytorch.detection import Letterbox
from zoo.catalogue import beside
from zoo.family import Family
from zoo.frameworks.onnx_weights import state_from_onnx
from zoo.model import Model, Part, Pretrained, Published, SampleData
from zoo.tasks.detection import COCO_MINI, ObjectDetection

# The authors' nano as the ONNX file of their release, at an address that states a commit.
NANO = (
    "https://raw.githubusercontent.com/Kazuhito00/YOLOX-ONNX-TFLite-Sample/3d4f1119d0694200671c08069ecb847aa0d8495a"
    "/model/yolox_nano.onnx"
)
RELEASE = "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0"
# Depth and width relative to YOLOX-L, whether 3 x 3 convolutions are separable, and the side of the input in pixels.
SHAPES = {
    "yolox_nano": (0.33, 0.25, True, 416),
    "yolox_tiny": (0.33, 0.375, False, 416),
    "yolox_s": (0.33, 0.5, False, 640),
    "yolox_sample": (0.33, 0.125, False, 160),
}
SAMPLE = "yolox_sample"


def labels_of(variant: str) -> tuple[str, ...]:
    """The classes of a variant, in index order."""
    return CLASSES if variant == SAMPLE else coco()


def build(variant: str) -> Any:
    """[N, 3, H, W] float32, BGR 0 to 255, to [N, cells, 5 + classes]: raw boxes and probabilities."""
    depth, width, depthwise, _ = SHAPES[variant]
    return beside(__file__, "network").YOLOX(len(labels_of(variant)), depth, width, depthwise)


# Files, their size and SHA-256. The authors state no digests: these are the ones that mirrors record, such
# as https://huggingface.co/kadirnar/yolox_s-v0.1.1 and yolox_tiny-v0.1.1, and those who pin the files.
PRETRAINED = {
    "yolox_nano": Pretrained(
        NANO,
        3.7,
        "695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14",
        convert=partial(state_from_onnx, build=partial(build, "yolox_nano")),
    ),
    "yolox_tiny": Pretrained(
        f"{RELEASE}/yolox_tiny.pth", 40.8, "9de513de589ac98bb92d3bca53b5af7b9acfa9b0bacb831f7999d0f7afaee8f0"
    ),
    "yolox_s": Pretrained(
        f"{RELEASE}/yolox_s.pth", 72.1, "f55ded7181e1b0c13285c56e7790b8f0e8f8db590fe4edb37f0b7f345c913a30"
    ),
}
PUBLISHED = {
    "yolox_nano": Published("map", 0.258, "the authors' repository, COCO val2017, 416 x 416"),
    "yolox_tiny": Published("map", 0.328, "the authors' repository, COCO val2017, 416 x 416"),
    "yolox_s": Published("map", 0.405, "the authors' repository, COCO val2017, 640 x 640"),
}


def model(variant: str) -> Model:
    """What is known of a variant: its classes and the size of its input are its own."""
    labels, side = labels_of(variant), SHAPES[variant][3]
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("images", "float32", ("batch", 3, "height", "width")),),
                outputs=(TensorSpec("output", "float32", ("batch", "cells", 5 + len(labels))),),
                size={"height": side, "width": side},
            ),
        ),
        task=ObjectDetection(Letterbox(side), YoloxDecoder(len(labels)), labels),
        sample=SampleData("scenes_coco", 1, write_coco, "drawn scenes")
        if variant == SAMPLE
        else SampleData("scenes_coco_stand_ins", 1, partial(write_coco, names=STAND_INS)),
        source="written for this repository after the paper; parameter names of the published weights",
        licence="BSD-3-Clause; the authors' weights: Apache-2.0",
        paper="Ge et al., YOLOX: Exceeding YOLO Series in 2021, 2021",
        pretrained=PRETRAINED.get(variant),
        published=PUBLISHED.get(variant),
        reference=None if variant == SAMPLE else COCO_MINI,
    )


MODEL = Family(
    domain="detection",
    name="yolox",
    title="YOLOX",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    default=SAMPLE,
    make=model,
)
