"""PSENet finds text at any angle, and keeps texts apart that touch."""

from functools import partial
from pathlib import Path
from typing import Any

from utils.postprocess.kernels import KernelDecoder
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.text_detector import text_detector
from zoo.model import Model, Pretrained, Published

# MMOCR 1.x, Apache-2.0; the name ends with the beginning of the file's SHA-256
PRETRAINED = {
    "psenet_resnet50": Pretrained(
        "https://download.openmmlab.com/mmocr/textdet/psenet/psenet_resnet50_fpnf_600e_icdar2015/"
        "psenet_resnet50_fpnf_600e_icdar2015_20220825_222709-b6741ec3.pth",
        115.0,
        "b6741ec3",
    )
}
PUBLISHED = {
    "psenet_resnet50": Published("hmean", 0.7998, "MMOCR's model zoo, ICDAR 2015 test, at 2240 pixels"),
}


def build(variant: str) -> Any:
    """[N, 3, H, W] float32, normalised RGB, to the probabilities of seven kernels [N, 7, H, W]; see network.py."""
    return beside(__file__, "network").build(variant)


def model(variant: str) -> Model:
    """What is known of a variant."""
    return text_detector(
        {"output": (7, "height", "width")},
        KernelDecoder(),
        build=partial(build, variant),
        source="written for this repository after the paper; names in the state dict as in MMOCR",
        paper="Wang et al., Shape Robust Text Detection with Progressive Scale Expansion Network, 2019",
        pretrained=PRETRAINED.get(variant),
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="ocr",
    name="psenet",
    title="PSENet",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("psenet_resnet18_narrow", "psenet_resnet50"),
    make=model,
)
