"""DeepLabV3 with the classes of PASCAL VOC, from torchvision."""

from zoo.libraries import torchvision_segmentation
from zoo.libraries.family import family

MODEL = family(
    torchvision_segmentation,
    __file__,
    "DeepLabV3",
    ("deeplabv3_mobilenet_v3_large", "deeplabv3_resnet50", "deeplabv3_resnet101", "lraspp_mobilenet_v3_large"),
    default="lraspp_mobilenet_v3_large",
    paper="Chen et al., Rethinking Atrous Convolution for Semantic Image Segmentation, 2017; LR-ASPP: Howard et al., "
    "Searching for MobileNetV3, 2019",
)
