"""CARN-M: a picture two, three or four times as large."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS
from utils.datasets.references.pairs import arrange_pairs
from utils.datasets.samples.photo_pairs import write_photo_pairs
from zoo.catalogue import beside
from zoo.family import Family
from zoo.model import Model, Part, Pretrained, Published, ReferenceData, SampleData
from zoo.tasks.image_to_image import ImageToImage

AUTHORS = "https://raw.githubusercontent.com/nmhkahn/CARN-pytorch/40d3514f81cccd680d846cd5ab07af35f2c8e0e2"
WHERE = "the paper, table of Set5, luma"
PSNR = {2: 37.53, 3: 33.99, 4: 31.92}


def build(scale: int) -> Any:
    """[N, 3, H, W] float32, RGB from 0 to 1, to [N, 3, scale * H, scale * W]."""
    return beside(__file__, "network").Carn(scale)


def model(variant: str) -> Model:
    """What is known of a variant: its scale. The authors' file serves all of them."""
    scale = int(variant[-1])
    return Model(
        build=partial(build, scale),
        parts=(
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 3, "height", "width")),),
                outputs=(TensorSpec("output", "float32", ("batch", 3, "larger_height", "larger_width")),),
                size={"height": 96, "width": 96},
            ),
        ),
        task=ImageToImage(scale=scale),
        sample=SampleData(f"photo_pairs_x{scale}", 1, partial(write_photo_pairs, scale=scale)),
        source="written for this repository after the paper; parameter names of the authors' weights",
        licence="BSD-3-Clause; the authors' weights: MIT; photographs: CC BY 2.0",
        paper="Ahn, Kang, Sohn: Fast, Accurate, and Lightweight Super-Resolution with Cascading Residual Network, 2018",
        pretrained=Pretrained(
            f"{AUTHORS}/checkpoint/carn_m.pth", 1.7, "d48a759a84509351facb6b7c6d5bd6edec98b98519b8c464ee4ab44d2ba964ff"
        ),
        published=Published("psnr", PSNR[scale], WHERE, decimals=2),
        reference=ReferenceData(
            f"set5_x{scale}",
            f"Set5, scale {scale}",
            LISTINGS / f"set5_x{scale}.tsv",
            arrange_pairs,
            "classic test pictures; no licence is stated",
            5,
        ),
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
