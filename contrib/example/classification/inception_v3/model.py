"""Inception v3 on ImageNet, from torchvision."""

from zoo.libraries import torchvision
from zoo.libraries.family import family

MODEL = family(
    torchvision,
    __file__,
    "Inception v3",
    ("inception_v3",),
    paper="Szegedy et al., Rethinking the Inception Architecture for Computer Vision, 2015",
)
