"""FCN with the classes of PASCAL VOC, from torchvision."""

from zoo.libraries import torchvision_segmentation
from zoo.libraries.family import family

MODEL = family(
    torchvision_segmentation,
    __file__,
    "FCN",
    ("fcn_mobilenet_v3_small", "fcn_resnet50", "fcn_resnet101"),
    paper="Long, Shelhamer and Darrell, Fully Convolutional Networks for Semantic Segmentation, 2015",
)
