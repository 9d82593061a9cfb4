"""What older files say in a way that compilers misread, said in the way that they understand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .graph import Names, inner_graphs

_FLATTENING = ("Softmax", "LogSoftmax", "Hardmax")
_SINCE = 13  # from this opset on they work along one axis; before, on everything from that axis on


def misread(model: Any) -> bool:
    """Whether `understood` would change anything."""
    return any(_negative(value) for value in _declared(model.graph)) or any(
        _opset(holder) < _SINCE and any(_flattens(node) for node in _nodes(holder_nodes))
        for holder, holder_nodes in _holders(model)
    )


def understood(model: Any) -> Any:
    """The model proto, or a copy that computes the same, without what compilers misread.

    Softmax, LogSoftmax and Hardmax of an opset below 13 take everything from their axis on together: they become the
    operator on a matrix, between Flatten and Reshape. A dimension of negative size becomes an open one.
    """
    if not misread(model):
        return model
    import onnx

    made = onnx.ModelProto()
    made.CopyFrom(model)
    for value in _declared(made.graph):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_value < 0:
                dim.Clear()
    names = Names(made.graph)
    if _opset(made) < _SINCE:
        _flatten(made.graph.node, names, _ranks(made))
    for function in made.functions:
        if _opset(function) < _SINCE:
            _flatten(function.node, names, {})
    return made


def _declared(graph: Any) -> Iterator[Any]:
    yield from (*graph.input, *graph.output, *graph.value_info)


def _negative(value: Any) -> bool:
    return any(dim.dim_value < 0 for dim in value.type.tensor_type.shape.dim)


def _opset(holder: Any) -> int:
    """Of a model or a function."""
    return max((one.version for one in holder.opset_import if one.domain in ("", "ai.onnx")), default=_SINCE)


def _holders(model: Any) -> Iterator[tuple[Any, Any]]:
    yield model, model.graph.node
    for function in model.functions:
        yield function, function.node


def _nodes(nodes: Any) -> Iterator[Any]:
    """Of branches and loop bodies too."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            for graph in inner_graphs(attribute):
                yield from _nodes(graph.node)


def _flattens(node: Any) -> bool:
    """Whether it is one of the three, and its axis is not said to be the last one."""
    return node.op_type in _FLATTENING and node.domain in ("", "ai.onnx") and _axis(node) != -1


def _axis(node: Any) -> int:
    return next((one.i for one in node.attribute if one.name == "axis"), 1)


def _ranks(model: Any) -> dict[str, int]:
    import onnx

    try:
        graph = onnx.shape_inference.infer_shapes(model).graph
    except Exception:
        # ranks only spare work; a model that inference refuses is refused by whoever compiles it
        return {}
    values = (value for value in _declared(graph) if value.type.tensor_type.HasField("shape"))
    return {value.name: len(value.type.tensor_type.shape.dim) for value in values}


def _flatten(nodes: Any, names: Names, ranks: Mapping[str, int]) -> None:
    """In place; where the axis is the last one anyway, an operator stays."""
    import onnx

    made: list[Any] = []
    for node in nodes:
        for attribute in node.attribute:
            for graph in inner_graphs(attribute):
                _flatten(graph.node, names, {})
        if not _flattens(node) or ranks.get(node.input[0]) == _axis(node) + 1:
            made.append(node)
            continue
        x, y = node.input[0], node.output[0]
        shape, matrix, result = (names.unused(f"{y}_{part}") for part in ("shape", "matrix", "result"))
        made += [
            onnx.helper.make_node("Shape", [x], [shape]),
            onnx.helper.make_node("Flatten", [x], [matrix], axis=_axis(node)),
            onnx.helper.make_node(node.op_type, [matrix], [result], axis=1),
            onnx.helper.make_node("Reshape", [result, shape], [y]),
        ]
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in made]
    del nodes[:]
    nodes.extend(kept)
