"""Tiny Darknet and the Darknet reference network on ImageNet, from pytorchcv."""

from zoo.libraries import pytorchcv
from zoo.libraries.family import family

MODEL = family(
    pytorchcv,
    __file__,
    "Tiny Darknet",
    ("darknet_tiny", "darknet_ref"),
    paper="Redmon, Darknet: Open Source Neural Networks in C, 2013 to 2016",
)
