"""YOLOX as a `Model`, whatever framework defines the network: sizes, published weights, figures and task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from engine.spec import TensorSpec
from utils.datasets.samples.scenes import CLASSES, STAND_INS, training_pictures, write_coco
from utils.postprocess.labels import coco
from utils.postprocess.pytorch.detection import YoloxDecoder
from utils.preprocess.pytorch.detection import Letterbox
from zoo.data import SampleData
from zoo.index import DEMOS
from zoo.model import Model, Pretrained, Published
from zoo.part import Part
from zoo.tasks.detection import COCO_MINI, ObjectDetection


class Shape(NamedTuple):
    """A network.

    Attributes:
        depth, width: relative to YOLOX-L.
        depthwise: whether 3 x 3 convolutions are separable.
        side: of the input, in pixels.
    """

    depth: float
    width: float
    depthwise: bool
    side: int


SAMPLE = "yolox_sample"
SHAPES = {
    "yolox_nano": Shape(0.33, 0.25, True, 416),
    "yolox_tiny": Shape(0.33, 0.375, False, 416),
    "yolox_s": Shape(0.33, 0.5, False, 640),
    SAMPLE: Shape(0.33, 0.125, False, 160),
}
RELEASE = "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0"
# Size and SHA-256 of the authors' files. They state no digests: these are the ones that mirrors record, such as
# https://huggingface.co/kadirnar/yolox_s-v0.1.1 and yolox_tiny-v0.1.1, and those who pin the files.
FILES = {
    "yolox_tiny": (40.8, "9de513de589ac98bb92d3bca53b5af7b9acfa9b0bacb831f7999d0f7afaee8f0"),
    "yolox_s": (72.1, "f55ded7181e1b0c13285c56e7790b8f0e8f8db590fe4edb37f0b7f345c913a30"),
}
PUBLISHED = {
    "yolox_nano": Published("map", 0.258, "the authors' repository, COCO val2017, 416 x 416"),
    "yolox_tiny": Published("map", 0.328, "the authors' repository, COCO val2017, 416 x 416"),
    "yolox_s": Published("map", 0.405, "the authors' repository, COCO val2017, 640 x 640"),
}


def labels_of(variant: str) -> tuple[str, ...]:
    """The classes of a variant, in index order."""
    return CLASSES if variant == SAMPLE else coco()


def released(variant: str, convert: Callable[..., Mapping[str, Any]] | None = None) -> Pretrained | None:
    """The authors' weights in their release: of tiny and s. None for others.

    Args:
        convert: reads the file, where the network is not PyTorch's.
    """
    if variant not in FILES:
        return None
    return Pretrained(f"{RELEASE}/{variant}.pth", *FILES[variant], convert=convert)


def yolox(variant: str, pretrained: Pretrained | None, **rest: Any) -> Model:
    """A network of float32 [N, 3, H, W], BGR 0 to 255, to [N, cells, 5 + classes]: raw boxes and probabilities.

    Args:
        variant: which of `SHAPES`.
        pretrained: its published weights.
        rest: the other fields of the `Model`.
    """
    labels, side = labels_of(variant), SHAPES[variant].side
    fields: dict[str, Any] = {
        "parts": (
            Part(
                inputs=(TensorSpec("images", "float32", ("batch", 3, "height", "width")),),
                outputs=(TensorSpec("output", "float32", ("batch", "cells", 5 + len(labels))),),
                size={"height": side, "width": side},
            ),
        ),
        "task": ObjectDetection(Letterbox(side), YoloxDecoder(len(labels)), labels),
        "sample": SampleData("scenes_coco", 1, write_coco, "drawn scenes")
        if variant == SAMPLE
        else SampleData("scenes_coco_stand_ins", 1, partial(write_coco, names=STAND_INS)),
        "licence": "BSD-3-Clause; the authors' weights: Apache-2.0",
        "paper": "Ge et al., YOLOX: Exceeding YOLO Series in 2021, 2021",
        "pretrained": pretrained,
        "published": PUBLISHED.get(variant),
        "reference": None if variant == SAMPLE else COCO_MINI,
        "demos": None if variant == SAMPLE else DEMOS / "things",
        "calibration": training_pictures if variant == SAMPLE else None,
    }
    return Model(**(fields | rest))
