"""WGAN, whose generator makes handwritten digits out of noise."""

from pathlib import Path

from zoo.family import Family
from zoo.libraries.digit_maker import digit_maker
from zoo.model import Model

LATENT = 16


def model(variant: str) -> Model:
    """What is known of a variant."""
    return digit_maker(
        LATENT,
        source="written for this repository after the papers",
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
