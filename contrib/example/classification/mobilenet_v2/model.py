"""MobileNetV2 on ImageNet, from torchvision."""

from zoo.libraries import torchvision
from zoo.libraries.family import family

MODEL = family(
    torchvision,
    __file__,
    "MobileNetV2",
    ("mobilenet_v2", "mobilenet_v2.imagenet1k_v2"),
    paper="Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, 2018",
)
