"""A detector of torchvision as a `Model`: what is the same for all of them, those that are drawn here included."""

from __future__ import annotations

from functools import partial
from typing import Any

from utils.datasets.samples.scenes import STAND_INS, write_coco
from zoo.data import SampleData
from zoo.frameworks.pytorch import torchvision_pretrained
from zoo.model import Model, Published
from zoo.tasks.detection import SCENES


def torchvision_detector(variant: str, figure: float | None, drawn: bool = False, **rest: Any) -> Model:
    """A detector with the library's weights, which are trained on COCO; without a figure, one that is put together
    from its modules, and has no weights.

    Args:
        variant: the library's name of the network.
        figure: COCO's mean average precision, as the library states it.
        drawn: whether its classes are those of the drawn scenes; else COCO's.
        rest: the other fields of the `Model`.
    """
    own = figure is None
    sample = (
        SampleData("scenes_coco", 1, write_coco)
        if drawn
        else SampleData("scenes_coco_stand_ins", 1, partial(write_coco, names=STAND_INS))
    )
    fields: dict[str, Any] = {
        "sample": sample,
        "demos": SCENES,
        "source": "put together from torchvision's modules" if own else "torchvision",
        "licence": "BSD-3-Clause; torchvision publishes its weights under the same, they are trained on COCO",
        "pretrained": None if own else partial(torchvision_pretrained, variant, "COCO_V1"),
        "published": None if figure is None else Published("map", figure, "torchvision, COCO val2017"),
    }
    return Model(**(fields | rest))
