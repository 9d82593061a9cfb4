"""Any of paddle.vision's ImageNet classifiers, by paddle.vision's own name."""

from zoo.libraries import paddle_vision
from zoo.libraries.family import family

MODEL = family(paddle_vision, __file__, "Any classifier of paddle.vision", default="resnet18")
