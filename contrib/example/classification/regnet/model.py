"""RegNet on ImageNet, from torchvision."""

from zoo.libraries import torchvision
from zoo.libraries.family import family

SIZES = ("400mf", "800mf", "1_6gf", "3_2gf", "8gf", "16gf")

MODEL = family(
    torchvision,
    __file__,
    "RegNet",
    tuple(f"regnet_{kind}_{size}" for kind in "xy" for size in SIZES),
    default="regnet_y_400mf",
    paper="Radosavovic et al., Designing Network Design Spaces, 2020",
)
