"""AlexNet on ImageNet, from torchvision."""

from zoo.libraries import torchvision
from zoo.libraries.family import family

MODEL = family(
    torchvision,
    __file__,
    "AlexNet",
    ("alexnet",),
    paper="Krizhevsky, One weird trick for parallelizing convolutional neural networks, 2014",
)
