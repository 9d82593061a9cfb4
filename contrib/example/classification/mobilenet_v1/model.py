"""MobileNetV1 on ImageNet, from timm."""

from zoo.libraries import timm
from zoo.libraries.family import family

MODEL = family(
    timm,
    __file__,
    "MobileNetV1",
    (
        "mobilenetv1_100.ra4_e3600_r224_in1k",
        "mobilenetv1_100h.ra4_e3600_r224_in1k",
        "mobilenetv1_125.ra4_e3600_r224_in1k",
    ),
    paper="Howard et al., MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications, 2017",
)
