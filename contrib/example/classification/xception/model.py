"""Xception on ImageNet, from timm."""

from zoo.libraries import timm
from zoo.libraries.family import family

MODEL = family(
    timm,
    __file__,
    "Xception",
    ("legacy_xception.tf_in1k", "xception41.tf_in1k", "xception65.tf_in1k", "xception71.tf_in1k"),
    paper="Chollet, Xception: Deep Learning with Depthwise Separable Convolutions, 2016",
)
