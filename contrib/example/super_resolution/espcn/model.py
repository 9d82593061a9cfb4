"""ESPCN: the luma of a picture two, three or four times as large."""

from functools import partial
from pathlib import Path
from typing import Any

from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.enlarger import enlarger
from zoo.model import Model


def build(scale: int) -> Any:
    """Luma, float32 [N, 1, H, W], 0 to 1, to [N, 1, scale * H, scale * W]; see network.py."""
    return beside(__file__, "network").Espcn(scale)


def model(variant: str) -> Model:
    """What is known of a variant: its scale."""
    scale = int(variant[-1])
    return enlarger(
        scale,
        luma=True,
        build=partial(build, scale),
        source="written for this repository after the paper",
        licence="BSD-3-Clause; photographs: CC BY 2.0, CC0, public domain",
        paper="Shi et al., Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel "
        "Convolutional Neural Network, 2016",
    )


MODEL = Family(
    domain="super_resolution",
    name="espcn",
    title="ESPCN",
    folder=Path(__file__).resolve().parent,
    framework="pytorch",
    names=("espcn_x2", "espcn_x3", "espcn_x4"),
    make=model,
)
