"""A classifier of handwritten digits as a `Model`: the same for all frameworks."""

from __future__ import annotations

from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.digits import training_images, write_digits
from utils.preprocess.pytorch.classification import ClassificationTransform
from zoo.data import SampleData
from zoo.model import Model
from zoo.part import Part
from zoo.tasks.classification import ImageClassification

DIGITS = tuple("0123456789")


def digit_reader(centre: float = 0.5, scale: float = 0.5, **rest: Any) -> Model:
    """A network from pictures float32 [N, 1, 32, 32] to logits [N, 10].

    Args:
        centre, scale: values are (value - centre) / scale, value from 0 to 1.
        rest: the other fields of the `Model`.
    """
    fields: dict[str, Any] = {
        "parts": (
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 1, 32, 32)),),
                outputs=(TensorSpec("output", "float32", ("batch", 10)),),
            ),
        ),
        "task": ImageClassification(
            transform=ClassificationTransform(32, 32, mean=(centre,), std=(scale,), mode="L"),
            labels=DIGITS,
            folders=DIGITS,
        ),
        "sample": SampleData("digits", 1, write_digits, "the 8 x 8 digits of UCI"),
        "licence": "BSD-3-Clause; digits: UCI Optical Recognition of Handwritten Digits, CC BY 4.0",
        "calibration": training_images,
    }
    return Model(**(fields | rest))
