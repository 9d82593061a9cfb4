"""CTPN finds lines of about level text, column by column."""

from functools import partial
from pathlib import Path
from typing import Any

from utils.postprocess.text_columns import COLUMN, ColumnsDecoder
from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.text_detector import text_detector
from zoo.model import Model, Published

PUBLISHED = {
    "ctpn_vgg16": Published("hmean", 0.8839, "MindSpore's model zoo, official/cv/ctpn, ICDAR 2013 test, by DetEval"),
}
# the sample is labelled word by word, and not line by line: only columns that touch belong together
GAPS = {"ctpn_narrow": 1.5 * COLUMN}


def build(variant: str) -> Any:
    """[N, 3, H, W] float32, normalised RGB, to scores, heights and sides of ten anchors of each cell of 16 x 16 pixels;
    see network.py."""
    return beside(__file__, "network").build(variant)


def model(variant: str) -> Model:
    """What is known of a variant."""
    return text_detector(
        {"scores": (10, "rows", "columns"), "heights": (20, "rows", "columns"), "sides": (10, "rows", "columns")},
        ColumnsDecoder(gap=GAPS.get(variant, ColumnsDecoder.gap)),
        build=partial(build, variant),
        level=True,
        paper="Tian et al., Detecting Text in Natural Image with Connectionist Text Proposal Network, 2016",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="ocr",
    name="ctpn",
    title="CTPN",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("ctpn_narrow", "ctpn_vgg16"),
    make=model,
)
