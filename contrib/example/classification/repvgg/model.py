"""RepVGG on ImageNet, from timm."""

from zoo.libraries import timm
from zoo.libraries.family import family

SIZES = ("a2", "b0", "b1", "b1g4", "b2", "b2g4", "b3", "b3g4")

MODEL = family(
    timm,
    __file__,
    "RepVGG",
    tuple(f"repvgg_{size}.rvgg_in1k" for size in SIZES),
    default="repvgg_b0.rvgg_in1k",
    paper="Ding et al., RepVGG: Making VGG-style ConvNets Great Again, 2021",
)
