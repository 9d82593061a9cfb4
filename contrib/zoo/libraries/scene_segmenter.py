"""A segmenter of the drawn scenes, for pictures of any size, as a `Model`: the same for all of them."""

from __future__ import annotations

from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.scenes_voc import LABELS, write_voc
from utils.preprocess.pytorch.segmentation import SegmentationTransform
from zoo.data import SampleData
from zoo.model import Model
from zoo.part import Part
from zoo.tasks.segmentation import SemanticSegmentation


def scene_segmenter(size: int, stride: int, **rest: Any) -> Model:
    """A network from pictures float32 [N, 3, H, W] to logits float32 [N, classes, H, W].

    Args:
        size: height and width of the file with fixed sizes, in pixels.
        stride: what heights and widths are multiples of.
        rest: the other fields of the `Model`.
    """
    fields: dict[str, Any] = {
        "parts": (
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 3, "height", "width")),),
                outputs=(TensorSpec("output", "float32", ("batch", len(LABELS), "height", "width")),),
                size={"height": size, "width": size},
            ),
        ),
        "task": SemanticSegmentation(SegmentationTransform(size, size, stride), LABELS),
        "sample": SampleData("scenes_voc", 1, write_voc, "drawn scenes"),
        "licence": "BSD-3-Clause; the sample is drawn by this repository",
    }
    return Model(**(fields | rest))
