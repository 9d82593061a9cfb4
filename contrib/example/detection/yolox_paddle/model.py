"""YOLOX defined in Paddle, on COCO's classes and, as a sample, on drawn scenes."""

from functools import partial
from pathlib import Path
from typing import Any

from zoo.catalogue import beside
from zoo.family import Family
from zoo.frameworks.paddle_state import paddle_state
from zoo.libraries.yolox import SAMPLE, SHAPES, labels_of, released, yolox
from zoo.model import Model
from zoo.tasks.detection import SCENES


def build(variant: str) -> Any:
    """[N, 3, H, W] float32, BGR 0 to 255, to [N, cells, 5 + classes]: raw boxes and probabilities."""
    shape = SHAPES[variant]
    return beside(__file__, "network").YOLOX(len(labels_of(variant)), shape.depth, shape.width, shape.depthwise)


def model(variant: str) -> Model:
    """What is known of a variant: its classes and the size of its input are its own."""
    convert = partial(paddle_state, build=partial(build, variant))
    return yolox(
        variant,
        released(variant, convert),
        build=partial(build, variant),
        sample_convert=convert,
        source="written for this repository after the paper; the weights are those of detection/yolox",
        **({"demos": SCENES} if variant == SAMPLE else {}),
    )


MODEL = Family(
    domain="detection",
    name="yolox_paddle",
    title="YOLOX (PaddlePaddle)",
    framework="paddle",
    folder=Path(__file__).resolve().parent,
    names=tuple(SHAPES),
    default=SAMPLE,
    make=model,
)
