"""ResNet-50 on ImageNet, from paddle.vision."""

from zoo.libraries import paddle_vision
from zoo.libraries.family import family

MODEL = family(
    paddle_vision,
    __file__,
    "ResNet-50 (PaddlePaddle)",
    ("resnet50",),
    paper="He et al., Deep Residual Learning for Image Recognition, 2015",
    demos=None,
)
