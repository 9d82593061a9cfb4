"""ResNet v2 (pre-activation) on ImageNet, from timm."""

from zoo.libraries import timm
from zoo.libraries.family import family

MODEL = family(
    timm,
    __file__,
    "ResNet v2",
    ("resnetv2_50.a1h_in1k", "resnetv2_101.a1h_in1k", "resnetv2_152"),
    paper="He et al., Identity Mappings in Deep Residual Networks, 2016",
)
