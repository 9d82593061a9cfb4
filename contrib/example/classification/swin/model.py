"""Swin Transformer on ImageNet, from torchvision."""

from zoo.libraries import torchvision
from zoo.libraries.family import family

MODEL = family(
    torchvision,
    __file__,
    "Swin Transformer",
    ("swin_t", "swin_s", "swin_b", "swin_v2_t", "swin_v2_s", "swin_v2_b"),
    paper="Liu et al., Swin Transformer: Hierarchical Vision Transformer using Shifted Windows, 2021",
)
