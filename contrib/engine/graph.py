"""What compiling targets need to know of an ONNX file: its tensors, and one fixed shape for each input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .errors import ModelFileError, OptionError, ShapeError, TargetUnavailableError
from .spec import TensorSpec


def read_onnx(ckpt: Path) -> Any:
    """The checked model proto in `ckpt`. Raises ModelFileError, TargetUnavailableError without the onnx package."""
    try:
        import onnx
    except ImportError as error:
        raise TargetUnavailableError("compiling an ONNX file needs the package onnx: pip install onnx") from error
    try:
        model = onnx.load(str(ckpt))
        onnx.checker.check_model(model)
    except Exception as error:
        # protobuf and checker errors alike mean that the file is not a usable model
        raise ModelFileError(
            f"{ckpt} ({ckpt.stat().st_size} bytes) is not a usable ONNX model; it may be truncated, export it again. "
            f"onnx says: {str(error).strip().splitlines()[0]}"
        ) from error
    return model


def input_specs(model: Any) -> tuple[TensorSpec, ...]:
    """The inputs that a caller gives: those of the graph that are not weights."""
    weights = {tensor.name for tensor in model.graph.initializer}
    return tuple(_spec(value) for value in model.graph.input if value.name not in weights)


def output_specs(model: Any) -> tuple[TensorSpec, ...]:
    """The outputs of the graph."""
    return tuple(_spec(value) for value in model.graph.output)


def _spec(value: Any) -> TensorSpec:
    import onnx

    tensor = value.type.tensor_type
    shape = [
        dim.dim_value if dim.HasField("dim_value") else dim.dim_param or f"{value.name}_{axis}"
        for axis, dim in enumerate(tensor.shape.dim)
    ]
    return TensorSpec(value.name, np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)).name, tuple(shape))


class Names:
    """Names for new tensors of a graph that no tensor in it has."""

    def __init__(self, graph: Any):
        self._taken = set(_names(graph))

    def unused(self, wanted: str) -> str:
        while wanted in self._taken:
            wanted += "_"
        self._taken.add(wanted)
        return wanted


def _names(graph: Any) -> Iterator[str]:
    """Of all tensors, those of branches and loop bodies too."""
    for value in (*graph.input, *graph.output, *graph.initializer):
        yield value.name
    for node in graph.node:
        yield from node.output
        for attribute in node.attribute:
            for inner in inner_graphs(attribute):
                yield from _names(inner)


def inner_graphs(attribute: Any) -> list[Any]:
    """The branches or the loop body that an attribute of a node holds."""
    return [*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])]


def unit_batch(batch_size: int | None, input_size: Sequence[Sequence[int]] | None) -> int:
    """Rows of one compute unit: the first dimension of `input_size`, else the whole batch, else 1."""
    if input_size and input_size[0]:
        return max(int(input_size[0][0]), 1)
    return batch_size or 1


def fixed_inputs(
    inputs: Sequence[TensorSpec], rows: int, input_size: Sequence[Sequence[int]] | None
) -> tuple[TensorSpec, ...]:
    """The inputs with every dimension fixed: a dynamic first one to `rows`, the others to `input_size`.

    Raises ShapeError where input_size contradicts the graph, OptionError where a size is missing.
    """
    if input_size is not None and len(input_size) != len(inputs):
        raise ShapeError(f"input_size has {len(input_size)} shapes, the model {len(inputs)} inputs")
    fixed = []
    for index, spec in enumerate(inputs):
        known = spec.fixed(input_size[index]) if input_size is not None else spec
        shape = [rows if axis == 0 and isinstance(size, str) else size for axis, size in enumerate(known.shape)]
        loose = [size for size in shape if isinstance(size, str)]
        if loose:
            raise OptionError(
                f"this target compiles for one shape, and dimension '{loose[0]}' of input '{spec}' has no size; give "
                "input_size=[[…], …], a shape an input"
            )
        fixed.append(TensorSpec(spec.name, spec.dtype, tuple(shape)))
    return tuple(fixed)
