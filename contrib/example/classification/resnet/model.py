"""ResNet on ImageNet, from torchvision."""

from zoo.libraries import torchvision
from zoo.libraries.family import family

MODEL = family(
    torchvision,
    __file__,
    "ResNet",
    ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
    default="resnet50",
    paper="He et al., Deep Residual Learning for Image Recognition, 2015",
    demos=None,
)
