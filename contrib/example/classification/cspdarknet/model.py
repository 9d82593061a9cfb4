"""CSPDarkNet-53 on ImageNet, from timm."""

from zoo.libraries import timm
from zoo.libraries.family import family

MODEL = family(
    timm,
    __file__,
    "CSPDarkNet-53",
    ("cspdarknet53.ra_in1k",),
    paper="Wang et al., CSPNet: A New Backbone that can Enhance Learning Capability of CNN, 2019",
)
