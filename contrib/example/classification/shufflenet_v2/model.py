"""ShuffleNetV2 on ImageNet, from torchvision."""

from zoo.libraries import torchvision
from zoo.libraries.family import family

MODEL = family(
    torchvision,
    __file__,
    "ShuffleNetV2",
    ("shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "shufflenet_v2_x1_5", "shufflenet_v2_x2_0"),
    default="shufflenet_v2_x1_0",
    paper="Ma et al., ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design, 2018",
)
