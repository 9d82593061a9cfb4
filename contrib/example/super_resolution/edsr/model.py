"""EDSR: a picture two, three or four times as large."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.enlarger import enlarger
from zoo.model import Model, Pretrained, Published

AUTHORS = "https://cv.snu.ac.kr/research/EDSR/models"
WHERE = "the paper, table of Set5, luma"


class Shape(NamedTuple):
    """Blocks, channels and their scale; the authors' file, whose digest begins as its name ends; PSNR on Set5."""

    blocks: int
    width: int
    scaled: float = 1.0
    file: str = ""
    psnr: float | None = None


SHAPES = {
    "edsr_tiny_x2": Shape(2, 16),
    "edsr_baseline_x2": Shape(16, 64, 1.0, "edsr_baseline_x2-1bc95232.pt"),
    "edsr_baseline_x3": Shape(16, 64, 1.0, "edsr_baseline_x3-abf2a44e.pt"),
    "edsr_baseline_x4": Shape(16, 64, 1.0, "edsr_baseline_x4-6b446fab.pt"),
    "edsr_x2": Shape(32, 256, 0.1, "edsr_x2-0edfb8a3.pt", 38.11),
    "edsr_x3": Shape(32, 256, 0.1, "edsr_x3-ea3ef2c6.pt", 34.65),
    "edsr_x4": Shape(32, 256, 0.1, "edsr_x4-4f62e9ef.pt", 32.46),
}


def build(variant: str) -> Any:
    """[N, 3, H, W] float32, RGB from 0 to 1, to [N, 3, scale * H, scale * W]; see network.py."""
    shape = SHAPES[variant]
    return beside(__file__, "network").Edsr(int(variant[-1]), shape.blocks, shape.width, shape.scaled)


def model(variant: str) -> Model:
    """What is known of a variant."""
    shape = SHAPES[variant]
    digest = shape.file.rpartition("-")[2].removesuffix(".pt")
    return enlarger(
        int(variant[-1]),
        build=partial(build, variant),
        source="written for this repository after the paper; parameter names of the authors' weights",
        licence="BSD-3-Clause; the authors' weights: MIT; photographs: CC BY 2.0",
        paper="Lim et al., Enhanced Deep Residual Networks for Single Image Super-Resolution, 2017",
        pretrained=Pretrained(f"{AUTHORS}/{shape.file}", sha256=digest) if digest else None,
        published=Published("psnr", shape.psnr, WHERE, decimals=2) if shape.psnr else None,
    )


MODEL = Family(
    domain="super_resolution",
    name="edsr",
    title="EDSR",
    folder=Path(__file__).resolve().parent,
    framework="pytorch",
    names=tuple(SHAPES),
    make=model,
)
