"""EfficientNet and EfficientNetV2 on ImageNet, from torchvision."""

from zoo.libraries import torchvision
from zoo.libraries.family import family

SIZES = ("b0", "b1", "b1.imagenet1k_v2", "b2", "b3", "b4", "b5", "b6", "b7", "v2_s", "v2_m", "v2_l")

MODEL = family(
    torchvision,
    __file__,
    "EfficientNet",
    tuple(f"efficientnet_{size}" for size in SIZES),
    default="efficientnet_b0",
    paper="Tan and Le, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, 2019",
)
