"""Dual path networks on ImageNet, from timm."""

from zoo.libraries import timm
from zoo.libraries.family import family

MODEL = family(
    timm,
    __file__,
    "DPN",
    ("dpn68.mx_in1k", "dpn68b.mx_in1k", "dpn92.mx_in1k", "dpn98.mx_in1k", "dpn107.mx_in1k", "dpn131.mx_in1k"),
    default="dpn92.mx_in1k",
    paper="Chen et al., Dual Path Networks, 2017",
)
