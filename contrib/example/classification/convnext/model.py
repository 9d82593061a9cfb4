"""ConvNeXt on ImageNet, from torchvision."""

from zoo.libraries import torchvision
from zoo.libraries.family import family

MODEL = family(
    torchvision,
    __file__,
    "ConvNeXt",
    ("convnext_tiny", "convnext_small", "convnext_base", "convnext_large"),
    paper="Liu et al., A ConvNet for the 2020s, 2022",
)
