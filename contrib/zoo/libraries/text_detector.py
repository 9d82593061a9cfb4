"""A detector of text that looks at whole pictures, as a `Model`: what is the same for those that are drawn scenes'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.text_scenes import write_level_scenes, write_scenes
from utils.preprocess.pytorch.text_detection import SceneTransform
from zoo.data import SampleData
from zoo.index import DEMOS
from zoo.model import Model
from zoo.part import Part
from zoo.tasks.text_detection import Reader, TextDecoder, TextDetection

SIDE = 320  # pixels of the input, by default
LICENCE = "BSD-3-Clause; sample lettered in Aileron (CC0) and Caladea (Apache-2.0)"
ANY_ANGLE = SampleData("text_scenes", 1, write_scenes, "rendered scenes of text")
LEVEL = SampleData("text_scenes_level", 1, write_level_scenes, "rendered scenes of level text")


def text_detector(
    outputs: Mapping[str, tuple[str | int, ...]], decoder: TextDecoder, level: bool = False, **rest: Any
) -> Model:
    """A network of normalised RGB, [N, 3, H, W], whose sides are multiples of 32.

    Args:
        outputs: the shape of each, behind the batch, by name.
        decoder: makes texts of them.
        level: whether it reads text that is about level, and no other.
        rest: the other fields of the `Model`.
    """
    part = Part(
        inputs=(TensorSpec("input", "float32", ("batch", 3, "height", "width")),),
        outputs=tuple(TensorSpec(name, "float32", ("batch", *shape)) for name, shape in outputs.items()),
        size={"height": SIDE, "width": SIDE},
    )
    task = TextDetection(SceneTransform(SIDE, SIDE), decoder, Reader("ocr/crnn"))
    return on_scenes(level, **({"parts": (part,), "task": task} | rest))


def on_scenes(level: bool, **rest: Any) -> Model:
    """What is tried on rendered scenes of text.

    Args:
        level: whether their text is about level, or at any angle.
        rest: the other fields of the `Model`.
    """
    fields: dict[str, Any] = {
        "sample": LEVEL if level else ANY_ANGLE,
        "demos": DEMOS / ("level_texts" if level else "texts"),
        "source": "written for this repository after the paper",
        "licence": LICENCE,
    }
    return Model(**(fields | rest))
