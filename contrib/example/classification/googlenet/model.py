"""GoogLeNet on ImageNet, from torchvision."""

from zoo.libraries import torchvision
from zoo.libraries.family import family

MODEL = family(
    torchvision, __file__, "GoogLeNet", ("googlenet",), paper="Szegedy et al., Going Deeper with Convolutions, 2014"
)
