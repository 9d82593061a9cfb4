"""MobileNetV4 on ImageNet, from timm."""

from zoo.libraries import timm
from zoo.libraries.family import family

MODEL = family(
    timm,
    __file__,
    "MobileNetV4",
    (
        "mobilenetv4_conv_small.e2400_r224_in1k",
        "mobilenetv4_conv_small.e1200_r224_in1k",
        "mobilenetv4_conv_medium.e500_r224_in1k",
        "mobilenetv4_conv_medium.e500_r256_in1k",
        "mobilenetv4_conv_large.e500_r256_in1k",
        "mobilenetv4_hybrid_medium.e500_r224_in1k",
        "mobilenetv4_hybrid_medium.ix_e550_r256_in1k",
    ),
    paper="Qin et al., MobileNetV4: Universal Models for the Mobile Ecosystem, 2024",
)
