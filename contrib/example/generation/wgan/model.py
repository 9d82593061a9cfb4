"""WGAN, whose generator makes handwritten digits out of noise."""

from functools import partial
from pathlib import Path
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.digits import write_digits
from zoo.family import Family
from zoo.model import Model, Part, SampleData
from zoo.tasks.image_generation import ImageGeneration

LATENT, SIDE, HIDDEN = 16, 8, 128


def build(variant: str) -> Any:
    """noise float32 [N, images, 16] to pictures float32 [N, images, 1, 8, 8], 0 to 1: the generator."""
    from torch import nn

    return nn.Sequential(
        nn.Linear(LATENT, HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, SIDE * SIDE),
        nn.Sigmoid(),
        nn.Unflatten(2, (1, SIDE, SIDE)),
    )


def model(variant: str) -> Model:
    """What is known of a variant."""
    return Model(
        build=partial(build, variant),
        parts=(
            Part(
                inputs=(TensorSpec("noise", "float32", ("batch", "images", LATENT)),),
                outputs=(TensorSpec("pictures", "float32", ("batch", "images", 1, SIDE, SIDE)),),
                size={"images": 16},
            ),
        ),
        task=ImageGeneration(LATENT, SIDE),
        sample=SampleData("digits", 1, write_digits, "the 8 x 8 digits of UCI"),
        source="written for this repository after the papers",
        licence="BSD-3-Clause; digits: UCI Optical Recognition of Handwritten Digits, CC BY 4.0",
        paper="Arjovsky et al., Wasserstein GAN, 2017; Gulrajani et al., Improved Training of Wasserstein GANs, 2017",
    )


MODEL = Family(
    domain="generation",
    name="wgan",
    title="WGAN",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("wgan",),
    make=model,
)
