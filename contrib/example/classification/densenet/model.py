"""DenseNet on ImageNet, from torchvision."""

from zoo.libraries import torchvision
from zoo.libraries.family import family

MODEL = family(
    torchvision,
    __file__,
    "DenseNet",
    ("densenet121", "densenet161", "densenet169", "densenet201"),
    paper="Huang et al., Densely Connected Convolutional Networks, 2016",
)
