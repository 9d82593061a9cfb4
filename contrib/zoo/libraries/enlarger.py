"""A network that enlarges whole pictures as a `Model`: the same for all of them."""

from __future__ import annotations

from functools import partial
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.references import LISTINGS
from utils.datasets.references.pairs import arrange_pairs
from utils.datasets.samples.photo_pairs import write_photo_pairs
from zoo.data import ReferenceData, SampleData
from zoo.model import Model
from zoo.part import Part
from zoo.tasks.image_to_image import ImageToImage

from .classifier import DEMOS

SIDE = 96  # of the files with fixed sizes


def enlarger(scale: int, luma: bool = False, multiple: int = 1, **rest: Any) -> Model:
    """A network from float32 [N, channels, H, W], 0 to 1, to [N, channels, scale * H, scale * W].

    Args:
        scale: 2, 3 or 4, for which there is Set5.
        luma: whether it takes the luma of a picture only, not its colours.
        multiple: of which a picture's sides have to be.
        rest: the other fields of the `Model`.
    """
    channels = 1 if luma else 3
    fields: dict[str, Any] = {
        "parts": (
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", channels, "height", "width")),),
                outputs=(TensorSpec("output", "float32", ("batch", channels, "larger_height", "larger_width")),),
                size={"height": SIDE, "width": SIDE},
            ),
        ),
        "task": ImageToImage(scale=scale, luma=luma, multiple=multiple),
        "sample": SampleData(
            f"photo_pairs_x{scale}", 1, partial(write_photo_pairs, scale=scale), "crops of photographs"
        ),
        "demos": DEMOS.parent / "crops",
        "reference": ReferenceData(
            f"set5_x{scale}",
            f"Set5, scale {scale}",
            LISTINGS / f"set5_x{scale}.tsv",
            arrange_pairs,
            "classic test pictures; no licence is stated",
            5,
        ),
    }
    return Model(**(fields | rest))
