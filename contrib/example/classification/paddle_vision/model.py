"""Any of paddle.vision's ImageNet classifiers, by paddle.vision's own name."""

from functools import partial
from pathlib import Path

from zoo.family import Family
from zoo.libraries import paddle_vision
from zoo.libraries.names import names

MODEL = Family(
    domain="classification",
    name="paddle_vision",
    title="Any classifier of paddle.vision",
    framework="paddle",
    folder=Path(__file__).resolve().parent,
    names=partial(names, paddle_vision.LIBRARY),
    make=paddle_vision.model,
    default="resnet18",
    library=True,
)
