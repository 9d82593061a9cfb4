"""Real-ESRGAN: a picture four times as large, or twice, whatever had been done to it."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.enlarger import enlarger
from zoo.model import Model

ENLARGED = 4  # by the network itself, behind squares of pixels that became channels


class Shape(NamedTuple):
    """How many blocks, their channels, and how many a step adds."""

    scale: int
    blocks: int
    width: int = 64
    growth: int = 32


SHAPES = {
    "real_esrgan_x4_tiny": Shape(4, 2, 16, 8),
    "real_esrgan_x4plus": Shape(4, 23),
    "real_esrgan_x4plus_anime_6b": Shape(4, 6),
    "real_esrgan_x2plus": Shape(2, 23),
}


def build(variant: str) -> Any:
    """[N, 3, H, W] float32, RGB from 0 to 1, to [N, 3, scale * H, scale * W]; see network.py."""
    network = beside(__file__, "network")
    return network.lively(network.RealEsrgan(*SHAPES[variant]))


def model(variant: str) -> Model:
    """What is known of a variant. The authors state no digest of their weights, so that none are fetched."""
    return enlarger(
        SHAPES[variant].scale,
        multiple=ENLARGED // SHAPES[variant].scale,
        build=partial(build, variant),
        source="written for this repository after the papers; parameter names of the authors' weights",
        licence="BSD-3-Clause; photographs: CC BY 2.0",
        paper="Wang et al., Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic Data, 2021; "
        "ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks, 2018",
    )


MODEL = Family(
    domain="super_resolution",
    name="real_esrgan",
    title="Real-ESRGAN",
    folder=Path(__file__).resolve().parent,
    framework="pytorch",
    names=tuple(SHAPES),
    make=model,
)
