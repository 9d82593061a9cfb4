"""Any of timm's ImageNet classifiers, by timm's own name."""

from zoo.libraries import timm
from zoo.libraries.family import family

MODEL = family(timm, __file__, "Any classifier of timm", default="resnet18.a1_in1k")
