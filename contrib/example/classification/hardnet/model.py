"""HarDNet on ImageNet, from pytorchcv."""

from zoo.libraries import pytorchcv
from zoo.libraries.family import family

MODEL = family(
    pytorchcv,
    __file__,
    "HarDNet",
    ("hardnet39ds", "hardnet68ds", "hardnet68", "hardnet85"),
    default="hardnet68",
    paper="Chao et al., HarDNet: A Low Memory Traffic Network, 2019",
)
