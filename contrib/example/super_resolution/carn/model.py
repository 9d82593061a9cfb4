"""CARN-M: a picture two, three or four times as large."""

from functools import partial
from pathlib import Path
from typing import Any

from zoo.catalogue import beside
from zoo.family import Family
from zoo.libraries.enlarger import enlarger
from zoo.model import Model, Pretrained, Published

AUTHORS = "https://raw.githubusercontent.com/nmhkahn/CARN-pytorch/40d3514f81cccd680d846cd5ab07af35f2c8e0e2"
WHERE = "the paper, table of Set5, luma"
PSNR = {2: 37.53, 3: 33.99, 4: 31.92}


def build(scale: int) -> Any:
    """[N, 3, H, W] float32, RGB from 0 to 1, to [N, 3, scale * H, scale * W]."""
    return beside(__file__, "network").Carn(scale)


def model(variant: str) -> Model:
    """What is known of a variant: its scale. The authors' file serves all of them."""
    scale = int(variant[-1])
    return enlarger(
        scale,
        build=partial(build, scale),
        source="written for this repository after the paper; parameter names of the authors' weights",
        licence="BSD-3-Clause; the authors' weights: MIT; photographs: CC BY 2.0",
        paper="Ahn, Kang, Sohn: Fast, Accurate, and Lightweight Super-Resolution with Cascading Residual Network, 2018",
        pretrained=Pretrained(
            f"{AUTHORS}/checkpoint/carn_m.pth", 1.7, "d48a759a84509351facb6b7c6d5bd6edec98b98519b8c464ee4ab44d2ba964ff"
        ),
        published=Published("psnr", PSNR[scale], WHERE, decimals=2),
    )


MODEL = Family(
    domain="super_resolution",
    name="carn",
    title="CARN-M",
    folder=Path(__file__).resolve().parent,
    framework="pytorch",
    names=("carn_m_x2", "carn_m_x3", "carn_m_x4"),
    make=model,
)
