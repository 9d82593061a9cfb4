"""AdvancedEAST finds text at any angle by its two ends."""

from functools import partial
from pathlib import Path
from typing import Any

from utils.postprocess.text_ends import EndsDecoder
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.text_detector import text_detector
from zoo.model import Model, Published

PUBLISHED = {
    "advanced_east_vgg16": Published(
        "hmean", 0.6631, "MindSpore's model zoo, research/cv/advanced_east, Ascend, its part of ICPR 2018 (MTWI)"
    ),
}


def build(variant: str) -> Any:
    """[N, 3, H, W] float32, normalised RGB, to codes [N, 3, H/4, W/4] and corners [N, 4, H/4, W/4]; see network.py."""
    return beside(__file__, "network").build(variant)


def model(variant: str) -> Model:
    """What is known of a variant."""
    return text_detector(
        {"codes": (3, "rows", "columns"), "corners": (4, "rows", "columns")},
        EndsDecoder(),
        build=partial(build, variant),
        source="written for this repository after EAST's paper and the idea of AdvancedEAST",
        paper="Zhou et al., EAST: An Efficient and Accurate Scene Text Detector, 2017",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="ocr",
    name="advanced_east",
    title="AdvancedEAST",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("advanced_east_narrow", "advanced_east_vgg16"),
    make=model,
)
