"""Any of timm's ImageNet classifiers, by timm's own name."""

from functools import partial
from pathlib import Path

from zoo.family import Family
from zoo.libraries import timm
from zoo.libraries.names import names

MODEL = Family(
    domain="classification",
    name="timm",
    title="Any classifier of timm",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=partial(names, timm.LIBRARY),
    make=timm.model,
    default="resnet18.a1_in1k",
    library=True,
)
