"""A variational autoencoder, whose decoder makes handwritten digits out of noise."""

from pathlib import Path

from zoo.family import Family
from zoo.libraries.digit_maker import digit_maker
from zoo.model import Model

LATENT = 8


def model(variant: str) -> Model:
    """What is known of a variant."""
    return digit_maker(
        LATENT,
        source="written for this repository after the paper",
        paper="Kingma and Welling, Auto-Encoding Variational Bayes, 2014",
    )


MODEL = Family(
    domain="generation",
    name="vae",
    title="VAE",
    framework="pytorch",
    folder=Path(__file__).resolve().parent,
    names=("vae",),
    make=model,
)
