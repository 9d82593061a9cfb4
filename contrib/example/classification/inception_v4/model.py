"""Inception v4 on ImageNet, from timm."""

from zoo.libraries import timm
from zoo.libraries.family import family

MODEL = family(
    timm,
    __file__,
    "Inception v4",
    ("inception_v4.tf_in1k",),
    paper="Szegedy et al., Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning, 2016",
)
