"""What YOLO's versions with anchors share: their blocks of layers, and the description of a `Model`.

torch is needed to call what makes layers. Names of layers are such that darknet's weight files find them.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable
from functools import partial
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.scenes import CLASSES, STAND_INS, write_coco
from utils.postprocess.labels import coco
from utils.postprocess.pytorch.darknet_maps import EACH, Anchors, DarknetDecoder
from zoo.data import SampleData
from zoo.model import Model
from zoo.part import Part
from zoo.tasks.detection import COCO_MINI, SCENES, DetectionTransform, ObjectDetection

SCENE_SIDE = 160  # of the narrow networks that find the drawn shapes
# Usual boxes of the drawn scenes, in pixels of that input
SCENE_ANCHORS: Anchors = ((14, 14), (18, 18), (23, 23), (28, 28), (34, 34), (41, 41), (49, 49), (58, 58), (70, 70))
PRIOR = 0.01  # what every box says of there being an object before training
NUMBERS = 5  # of a box, before those of its classes


def conv_block(inputs: int, outputs: int, kernel: int, stride: int = 1, activation: Any = None) -> Any:
    """Convolution without bias, batch norm, activation; an odd kernel keeps the size, divided by `stride`.

    Args:
        inputs, outputs: channels.
        activation: a module; None: leaky ReLU, as darknet has it.
    """
    from torch import nn

    layers = {
        "conv": nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        "norm": nn.BatchNorm2d(outputs),
        "activation": nn.LeakyReLU(0.1) if activation is None else activation,
    }
    return nn.Sequential(OrderedDict(layers))


def residual(channels: int, hidden: int, activation: Any = None) -> Any:
    """1 x 1 to `hidden` channels, 3 x 3 back, added to the input; each a `conv_block`."""
    from torch import nn

    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.squeeze = conv_block(channels, hidden, 1, activation=activation)
            self.widen = conv_block(hidden, channels, 3, activation=activation)

        def forward(self, maps: Any) -> Any:
            return maps + self.widen(self.squeeze(maps))

    return Residual()


def mixing(inputs: int, width: int, count: int) -> Any:
    """`count` blocks, 1 x 1 to `width` channels and 3 x 3 to twice as many by turns, the first and the last 1 x 1."""
    from torch import nn

    blocks = [conv_block(inputs, width, 1)]
    for _ in range(count // 2):
        blocks += [conv_block(width, 2 * width, 3), conv_block(2 * width, width, 1)]
    return nn.Sequential(*blocks)


def last_maps(stem: Any, stages: Iterable[Any], images: Any) -> list[Any]:
    """What the last three stages of a backbone make of pictures, the finest map first."""
    maps, found = stem(images), []
    for stage in stages:
        maps = stage(maps)
        found.append(maps)
    return found[-3:]


def head(inputs: int, classes: int) -> Any:
    """The last convolution of a map, which says of each cell's boxes where, whether and what.

    Before training random boxes are not alike, and an object is as rare as in a picture.
    """
    from torch import nn

    layer = nn.Conv2d(inputs, EACH * (NUMBERS + classes), 1)
    nn.init.normal_(layer.weight, std=inputs**-0.5)
    bias: Any = layer.bias
    nn.init.zeros_(bias)
    nn.init.constant_(bias.view(EACH, -1)[:, 4], math.log(PRIOR / (1 - PRIOR)))
    return layer


def labels_of(drawn: bool) -> tuple[str, ...]:
    """The classes of a variant, in index order: those of the drawn scenes, or COCO's."""
    return CLASSES if drawn else coco()


def yolo(transform: DetectionTransform, side: int, decoder: DarknetDecoder, drawn: bool, **rest: Any) -> Model:
    """A network of float32 [N, 3, H, W] to maps [N, 3 * (5 + classes), h, w], one for each stride of the decoder.

    Args:
        transform: a picture to the network's input.
        side: of the file with fixed sizes, in pixels.
        decoder: maps to objects.
        drawn: whether its classes are those of the drawn scenes; else COCO's.
        rest: the other fields of the `Model`.
    """
    labels = labels_of(drawn)
    maps = tuple(
        TensorSpec(
            f"maps_{stride}",
            "float32",
            ("batch", EACH * (NUMBERS + len(labels)), f"rows_{stride}", f"columns_{stride}"),
        )
        for stride in decoder.strides
    )
    fields: dict[str, Any] = {
        "parts": (
            Part(
                inputs=(TensorSpec("images", "float32", ("batch", 3, "height", "width")),),
                outputs=maps,
                size={"height": side, "width": side},
            ),
        ),
        "task": ObjectDetection(transform, decoder, labels),
        "sample": SampleData("scenes_coco", 1, write_coco, "drawn scenes")
        if drawn
        else SampleData("scenes_coco_stand_ins", 1, partial(write_coco, names=STAND_INS)),
        "reference": None if drawn else COCO_MINI,
        "demos": SCENES,
    }
    return Model(**(fields | rest))
