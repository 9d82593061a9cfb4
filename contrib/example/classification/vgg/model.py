"""VGG on ImageNet, from torchvision."""

from zoo.libraries import torchvision
from zoo.libraries.family import family

MODEL = family(
    torchvision,
    __file__,
    "VGG",
    ("vgg11", "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"),
    default="vgg16",
    paper="Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image Recognition, 2014",
)
