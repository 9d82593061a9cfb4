"""Any of torchvision's ImageNet classifiers, by torchvision's own name."""

from functools import partial
from pathlib import Path

from zoo.family import Family
from zoo.libraries import torchvision
from zoo.libraries.names import names

MODEL = Family(
    domain="classification",
    name="torchvision",
    title="Any classifier of torchvision",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=partial(names, torchvision.LIBRARY),
    make=torchvision.model,
    default="resnet18",
    library=True,
)
