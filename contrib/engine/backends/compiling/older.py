"""What files say, or leave unsaid, in a way that compilers misread, said in the way that they understand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .graph import Names, inner_graphs

_ONNX = ("", "ai.onnx")
_FLATTENING = ("Softmax", "LogSoftmax", "Hardmax")
# Attributes that a compiler takes for another value than ONNX's where they are not given: operator → (name, value)
_UNSAID: dict[str, tuple[str, int]] = {"RoiAlign": ("sampling_ratio", 0)}
_SINCE = 13  # from this opset on they work along one axis; before, on everything from that axis on


def misread(model: Any) -> bool:
    """Whether `understood` would change anything."""
    return (
        bool(model.functions)
        or any(_negative(value) for value in _declared(model.graph))
        or any(_is_unsaid(node) or (_opset(model) < _SINCE and _flattens(node)) for node in _nodes(model.graph.node))
    )


def understood(model: Any) -> Any:
    """The model proto, or a copy that computes the same, without what compilers misread.

    Functions of the file's own are written out. Softmax, LogSoftmax and Hardmax of an opset below 13 take everything
    from their axis on together: they become the operator on a matrix, between Flatten and Reshape. A dimension of
    negative size becomes an open one. RoiAlign says how many samples it takes, where it relies on ONNX's own number.
    """
    if not misread(model):
        return model
    import onnx

    made = _without_functions(model)
    for node in _nodes(made.graph.node):
        if _is_unsaid(node):
            node.attribute.append(onnx.helper.make_attribute(*_UNSAID[node.op_type]))
    open_negative(made.graph)
    names = Names(made.graph)
    if _opset(made) < _SINCE:
        _flatten(made.graph.node, names, _ranks(made))
    return made


def open_negative(graph: Any) -> None:
    """Make open ones of dimensions of negative size, in place."""
    for value in _declared(graph):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_value < 0:
                dim.Clear()


def _without_functions(model: Any) -> Any:
    """A copy whose nodes are operators; the model's functions stay where they cannot be written out."""
    import onnx
    from onnx.inliner import inline_local_functions

    made = onnx.ModelProto()
    made.CopyFrom(model)
    try:
        return inline_local_functions(made, convert_version=True) if made.functions else made
    except Exception:
        # of no common base: opsets that do not go together; whoever compiles the model says that it lacks the function
        return made


def _is_unsaid(node: Any) -> bool:
    name = _UNSAID.get(node.op_type, ("",))[0]
    return bool(name) and node.domain in _ONNX and all(one.name != name for one in node.attribute)


def _declared(graph: Any) -> Iterator[Any]:
    yield from (*graph.input, *graph.output, *graph.value_info)


def _negative(value: Any) -> bool:
    return any(dim.dim_value < 0 for dim in value.type.tensor_type.shape.dim)


def _opset(holder: Any) -> int:
    return max((one.version for one in holder.opset_import if one.domain in _ONNX), default=_SINCE)


def _nodes(nodes: Any) -> Iterator[Any]:
    """Of branches and loop bodies too."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            for graph in inner_graphs(attribute):
                yield from _nodes(graph.node)


def _flattens(node: Any) -> bool:
    """Whether it is one of the three, and its axis is not said to be the last one."""
    return node.op_type in _FLATTENING and node.domain in _ONNX and _axis(node) != -1


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
