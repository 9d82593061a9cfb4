"""ResNeXt on ImageNet, from torchvision."""

from zoo.libraries import torchvision
from zoo.libraries.family import family

MODEL = family(
    torchvision,
    __file__,
    "ResNeXt",
    (
        "resnext50_32x4d",
        "resnext50_32x4d.imagenet1k_v2",
        "resnext101_32x8d",
        "resnext101_32x8d.imagenet1k_v2",
        "resnext101_64x4d",
    ),
    paper="Xie et al., Aggregated Residual Transformations for Deep Neural Networks, 2016",
)
