"""ShuffleNetV1 on ImageNet, from pytorchcv."""

from zoo.libraries import pytorchcv
from zoo.libraries.family import family

# Groups, and the width: 1, 3/4, 1/2, 1/4
SIZES = ("g1_w1", "g2_w1", "g3_w1", "g4_w1", "g8_w1", "g1_w3d4", "g3_w3d4", "g1_wd2", "g3_wd2", "g1_wd4", "g3_wd4")

MODEL = family(
    pytorchcv,
    __file__,
    "ShuffleNetV1",
    tuple(f"shufflenet_{size}" for size in SIZES),
    default="shufflenet_g3_w1",
    paper="Zhang et al., ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile Devices, 2017",
)
