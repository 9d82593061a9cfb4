"""DeiT on ImageNet, from timm."""

from zoo.libraries import timm
from zoo.libraries.family import family

MODEL = family(
    timm,
    __file__,
    "DeiT",
    (
        "deit_tiny_patch16_224.fb_in1k",
        "deit_small_patch16_224.fb_in1k",
        "deit_base_patch16_224.fb_in1k",
        "deit_tiny_distilled_patch16_224.fb_in1k",
        "deit_small_distilled_patch16_224.fb_in1k",
    ),
    default="deit_small_patch16_224.fb_in1k",
    paper="Touvron et al., Training data-efficient image transformers & distillation through attention, 2020",
)
