"""Any of torchvision's ImageNet classifiers, by torchvision's own name."""

from zoo.libraries import torchvision
from zoo.libraries.family import family

MODEL = family(torchvision, __file__, "Any classifier of torchvision", default="resnet18")
