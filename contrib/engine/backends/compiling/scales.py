"""Scales of Resize that lead to a broken number of pixels, which a runtime may round before it places them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import ModelFileError
from .unroll import constants_of, sizes_of

_PLACE = {"Upsample": 1, "Resize": 2}  # of the scales among the inputs, since opset 11
_BY_SIZES = (b"align_corners", b"tf_crop_and_resize")  # these do not look at the scale
_NEAR, _ROUNDED = 1e-4, 1e-6  # pixels; and of their number, since scales are float32


def require_whole_sizes(ckpt: Path, model: Any, shapes: Mapping[str, Sequence[Any]], target: str) -> None:
    """Raise ModelFileError where a picture is scaled to a broken number of pixels.

    ONNX places the pixels by the scale that the file says; for 5 pixels and 1.5, where 7.5 become 7, a runtime that
    knows the sizes only places them by 7 / 5. Scales that are no constants, and graphs within nodes, are not looked at.

    Args:
        ckpt: the file, for the message.
        model: onnx.ModelProto.
        shapes: of the graph's inputs, fixed.
        target: which rounds first.
    """
    nodes = [node for node in model.graph.node if node.op_type in _PLACE and node.domain in ("", "ai.onnx")]
    if not nodes:
        return
    sizes, constants = sizes_of(model, shapes), constants_of(model.graph)
    for node in nodes:
        said = {one.name: one.s for one in node.attribute}
        place = min(_PLACE[node.op_type], len(node.input) - 1)
        scales, size = constants.get(node.input[place]), sizes.get(node.input[0], [])
        if said.get("coordinate_transformation_mode") in _BY_SIZES or scales is None or not size:
            continue
        axes = next((list(one.ints) for one in node.attribute if one.name == "axes"), range(len(size)))
        if scales.dtype.kind != "f" or len(scales) != len(axes):
            continue
        made = np.array([size[axis] for axis in axes]) * scales.astype(np.float64)
        if (np.abs(made - np.rint(made)) > _NEAR + _ROUNDED * made).any():
            raise ModelFileError(
                f"{ckpt}: {node.op_type} '{node.name or node.output[0]}' scales {size} by {scales.tolist()}, to no "
                f"whole number of pixels; target '{target}' would place them otherwise than ONNX says. Give an "
                "--input_size that is a multiple of what the network divides by, or run it on another target"
            )
