"""MindSpore's ONNX graphs, whose every dimension is a number, with dynamic dimensions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..errors import ExportError
from ..spec import TensorSpec


def free_dimensions(graph: Any, larger: Any, inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> None:
    """Make `graph` take any size, in place: the dimensions that `inputs` and `outputs` name become dynamic.

    What differs between the two files of one network comes from their sizes; it may only be shapes that Reshape takes.

    Args:
        graph, larger: onnx.ModelProto of the network, exported for two sizes.
        inputs, outputs: what the sizes are to be called.

    Raises:
        ExportError: something cannot be made dynamic; it is named.
    """
    import onnx

    batches = tuple(one.graph.input[0].type.tensor_type.shape.dim[0].dim_value for one in (graph, larger))
    shapes = {node.input[1]: node for node in graph.graph.node if node.op_type == "Reshape"}
    for (name, tensor), (_, other) in zip(_constants(graph), _constants(larger), strict=True):
        here, there = onnx.numpy_helper.to_array(tensor), onnx.numpy_helper.to_array(other)
        if np.array_equal(here, there):
            continue
        if name not in shapes or here.shape != there.shape:
            raise ExportError(
                f"'{name}' depends on the size of the input, and is no shape of a Reshape: {here}, {there}"
            )
        freed = _freed(here.tolist(), there.tolist(), batches)
        tensor.CopyFrom(onnx.numpy_helper.from_array(np.array(freed, np.int64), tensor.name))
    del graph.graph.value_info[:]
    for value, spec in zip([*graph.graph.input, *graph.graph.output], [*inputs, *outputs], strict=True):
        dims = value.type.tensor_type.shape.dim
        for dim, size in zip(dims, spec.shape, strict=True):
            if isinstance(size, str):
                dim.dim_param = size


def _constants(graph: Any) -> Iterator[tuple[str, Any]]:
    """Every constant tensor by name, in the graph's order, which is the same for every size."""
    for tensor in graph.graph.initializer:
        yield tensor.name, tensor
    for node in graph.graph.node:
        if node.op_type == "Constant":
            yield node.output[0], node.attribute[0].t


def _freed(here: list[int], there: list[int], batches: tuple[int, ...]) -> list[int]:
    """A Reshape's target for any size: -1 is what is left, and 0, where that is taken, the batch of what comes in."""
    freed = list(here)
    differing = [axis for axis, (one, other) in enumerate(zip(here, there, strict=True)) if one != other]
    if differing[0] == 0 and (here[0], there[0]) == batches and (-1 in here or len(differing) > 1):
        freed[differing.pop(0)] = 0
    if len(differing) > 1 or (differing and -1 in here):
        raise ExportError(f"a Reshape to {here} at one size and {there} at another cannot be made dynamic")
    for axis in differing:
        freed[axis] = -1
    return freed
