"""A network that makes handwritten digits out of noise as a `Model`: the same for all ways of training it."""

from __future__ import annotations

from functools import partial
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.digits import write_digits
from zoo.data import SampleData
from zoo.model import Model
from zoo.part import Part
from zoo.tasks.image_generation import ImageGeneration

SIDE, HIDDEN = 8, 128


def digit_maker(latent: int, **rest: Any) -> Model:
    """A network from noise float32 [N, images, latent] to pictures float32 [N, images, 1, 8, 8], 0 to 1.

    Args:
        latent: how many numbers a picture is made of.
        rest: the other fields of the `Model`.
    """
    fields: dict[str, Any] = {
        "build": partial(build, latent),
        "parts": (
            Part(
                inputs=(TensorSpec("noise", "float32", ("batch", "images", latent)),),
                outputs=(TensorSpec("pictures", "float32", ("batch", "images", 1, SIDE, SIDE)),),
                size={"images": 16},
            ),
        ),
        "task": ImageGeneration(latent, SIDE),
        "sample": SampleData("digits", 1, write_digits, "the 8 x 8 digits of UCI"),
        "licence": "BSD-3-Clause; digits: UCI Optical Recognition of Handwritten Digits, CC BY 4.0",
    }
    return Model(**(fields | rest))


def build(latent: int) -> Any:
    """The network, of torch."""
    from torch import nn

    return nn.Sequential(
        nn.Linear(latent, HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, HIDDEN),
        nn.ReLU(),
        nn.Linear(HIDDEN, SIDE * SIDE),
        nn.Sigmoid(),
        nn.Unflatten(2, (1, SIDE, SIDE)),
    )
