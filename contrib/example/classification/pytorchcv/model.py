"""Any of pytorchcv's ImageNet classifiers, by pytorchcv's own name."""

from functools import partial
from pathlib import Path

from zoo.family import Family
from zoo.libraries import pytorchcv
from zoo.libraries.names import names

MODEL = Family(
    domain="classification",
    name="pytorchcv",
    title="Any classifier of pytorchcv",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=partial(names, pytorchcv.LIBRARY),
    make=pytorchcv.model,
    default="resnet18",
    library=True,
)
