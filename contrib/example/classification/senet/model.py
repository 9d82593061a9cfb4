"""SE-Net and SE-ResNet on ImageNet, from timm."""

from zoo.libraries import timm
from zoo.libraries.family import family

MODEL = family(
    timm,
    __file__,
    "SE-Net",
    (
        "seresnet50.ra2_in1k",
        "legacy_senet154.in1k",
        "legacy_seresnet50.in1k",
        "legacy_seresnet101.in1k",
        "legacy_seresnet152.in1k",
    ),
    paper="Hu et al., Squeeze-and-Excitation Networks, 2017",
)
