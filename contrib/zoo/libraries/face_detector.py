"""A face detector as a `Model`: the same for all of them."""

from __future__ import annotations

from typing import Any

from engine.spec import TensorSpec
from utils.datasets.samples.faces import write_faces
from zoo.data import SampleData
from zoo.model import Model
from zoo.part import Part
from zoo.tasks.face import FaceDetection


def face_detector(size: tuple[int, int], outputs: tuple[TensorSpec, ...], task: FaceDetection, **rest: Any) -> Model:
    """A network from pictures float32 [N, 3, H, W] to what `task` makes faces of.

    Args:
        size: (height, width) of the file with fixed sizes.
        outputs: of the network.
        task: what is done before and behind it.
        rest: the other fields of the `Model`.
    """
    fields: dict[str, Any] = {
        "parts": (
            Part(
                inputs=(TensorSpec("input", "float32", ("batch", 3, "height", "width")),),
                outputs=outputs,
                size={"height": size[0], "width": size[1]},
            ),
        ),
        "task": task,
        "sample": SampleData("faces", 1, write_faces, "drawn faces"),
    }
    return Model(**(fields | rest))
