"""MobileNetV3 on ImageNet, from torchvision."""

from zoo.libraries import torchvision
from zoo.libraries.family import family

MODEL = family(
    torchvision,
    __file__,
    "MobileNetV3",
    ("mobilenet_v3_large", "mobilenet_v3_large.imagenet1k_v2", "mobilenet_v3_small"),
    paper="Howard et al., Searching for MobileNetV3, 2019",
)
