"""Any of pytorchcv's ImageNet classifiers, by pytorchcv's own name."""

from zoo.libraries import pytorchcv
from zoo.libraries.family import family

MODEL = family(pytorchcv, __file__, "Any classifier of pytorchcv", default="resnet18")
