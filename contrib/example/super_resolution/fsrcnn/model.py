"""FSRCNN: the luma of a picture two, three or four times as large."""

from functools import partial
from pathlib import Path
from typing import Any

from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.enlarger import enlarger
from zoo.model import Model, Published

PUBLISHED = {"fsrcnn_x2": Published("psnr", 37.00, "the paper, table of Set5, luma", decimals=2)}


def build(scale: int) -> Any:
    """Luma, float32 [N, 1, H, W], 0 to 1, to [N, 1, scale * H, scale * W]; see network.py."""
    return beside(__file__, "network").Fsrcnn(scale)


def model(variant: str) -> Model:
    """What is known of a variant: its scale."""
    scale = int(variant[-1])
    return enlarger(
        scale,
        luma=True,
        build=partial(build, scale),
        source="written for this repository after the paper",
        licence="BSD-3-Clause; photographs: CC BY 2.0",
        paper="Dong, Loy and Tang, Accelerating the Super-Resolution Convolutional Neural Network, 2016",
        published=PUBLISHED.get(variant),
    )


MODEL = Family(
    domain="super_resolution",
    name="fsrcnn",
    title="FSRCNN",
    folder=Path(__file__).resolve().parent,
    framework="pytorch",
    names=("fsrcnn_x2", "fsrcnn_x3", "fsrcnn_x4"),
    make=model,
)
