"""What compiling targets need to know of an ONNX file: its tensors, and one fixed shape for each input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...errors import ModelFileError, OptionError, ShapeError
from ...spec import ANY_RANK, TensorSpec, batch_name

# Element types of ONNX that numpy has too
_DTYPES = (
    *("float32", "float64", "float16", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("bool", "object"),
)


def input_specs(model: Any) -> tuple[TensorSpec, ...]:
    """The inputs that a caller gives: those of the graph that are not weights."""
    weights = {tensor.name for tensor in model.graph.initializer}
    return tuple(_spec(value, "input") for value in model.graph.input if value.name not in weights)


def output_specs(model: Any) -> tuple[TensorSpec, ...]:
    """The outputs of the graph."""
    return tuple(_spec(value, "output") for value in model.graph.output)


def _spec(value: Any, kind: str) -> TensorSpec:
    """A dimension without a name, or with a negative size (as older exporters write it), gets a name of its own."""
    if value.type.WhichOneof("value") != "tensor_type":
        raise ModelFileError(
            f"{kind} '{value.name}' is a {str(value.type.WhichOneof('value')).removesuffix('_type')}, and a target "
            "that compiles takes and gives arrays only; run it on target onnx"
        )
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        if kind == "input":
            raise ModelFileError(f"input '{value.name}' says nothing of its shape; export it again with one")
        return TensorSpec(value.name, _dtype(value, kind), (ANY_RANK,))
    shape = [
        dim.dim_value if dim.HasField("dim_value") and dim.dim_value >= 0 else dim.dim_param or f"{value.name}_{axis}"
        for axis, dim in enumerate(tensor.shape.dim)
    ]
    return TensorSpec(value.name, _dtype(value, kind), tuple(shape))


def _dtype(value: Any, kind: str) -> str:
    import onnx

    name = onnx.TensorProto.DataType.Name(value.type.tensor_type.elem_type).lower()
    dtype = {"float": "float32", "double": "float64", "string": "object"}.get(name, name)
    if dtype not in _DTYPES:
        raise ModelFileError(
            f"{kind} '{value.name}' holds {dtype}, and a target that compiles takes and gives arrays of "
            f"{', '.join(_DTYPES)}; export it with one of these"
        )
    return dtype


class Names:
    """Names for new tensors of a graph that no tensor in it has."""

    def __init__(self, graph: Any):
        self.taken = set(_names(graph))

    def unused(self, wanted: str) -> str:
        while wanted in self.taken:
            wanted += "_"
        self.taken.add(wanted)
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
    """The inputs with every dimension fixed: the batch to `rows`, the others to `input_size`.

    Where no name says which dimension is the batch, `rows` is the size of the first input's open dimension 0.

    Raises:
        ShapeError: input_size contradicts the graph.
        OptionError: a size is missing.
    """
    if input_size is not None and len(input_size) != len(inputs):
        raise ShapeError(f"input_size has {len(input_size)} shapes, the model {len(inputs)} inputs")
    batch = batch_name(inputs) or next((size for spec in inputs[:1] for size in spec.shape[:1]), None)
    fixed = []
    for index, spec in enumerate(inputs):
        asked = input_size[index] if input_size is not None else [-1] * len(spec.shape)
        known = spec.fixed(asked).shape
        shape = [_fixed(spec.shape[axis], known[axis], asked[axis], axis, batch, rows) for axis in range(len(known))]
        loose = [size for size in shape if isinstance(size, str)]
        if loose:
            raise OptionError(
                f"this target compiles for one shape, and dimension '{loose[0]}' of input '{spec}' has no size; give "
                "input_size=[[…], …], a shape an input"
            )
        fixed.append(TensorSpec(spec.name, spec.dtype, tuple(shape)))
    return tuple(fixed)


def _fixed(name: int | str, known: int | str, asked: int, axis: int, batch: int | str | None, rows: int) -> int | str:
    """The size of one dimension: that of the batch is `rows` where it comes first, whatever one unit takes."""
    if isinstance(name, str) and name == batch and (axis == 0 or isinstance(known, str)):
        return rows
    return asked if isinstance(known, str) and asked >= 0 else known
