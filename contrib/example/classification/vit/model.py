"""Vision Transformer on ImageNet, from torchvision."""

from zoo.libraries import torchvision
from zoo.libraries.family import family

MODEL = family(
    torchvision,
    __file__,
    "Vision Transformer",
    ("vit_b_16", "vit_b_32", "vit_l_16", "vit_l_32"),
    paper="Dosovitskiy et al., An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale, 2020",
)
