"""A float16 ONNX graph for processors without float16 arithmetic: the same graph, computed in float32."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .graph import Names, inner_graphs


def computed_in_float32(model: Any) -> Any:
    """A copy of the model proto whose tensors between inputs and outputs are float32 where they were float16.

    Inputs and outputs keep their type. Values are no longer rounded to 11 bits between operators; weights have been. So
    do ONNX Runtime and OpenVINO compute where the processor has no float16. A graph without float16 stays as it is.
    Sequences of float16, sparse weights and functions with a type for an attribute are not covered.
    """
    import onnx

    half, single = onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT
    made = onnx.ModelProto()
    made.CopyFrom(model)
    graph = made.graph
    weights = {tensor.name for tensor in graph.initializer}
    inputs = [v.name for v in graph.input if v.type.tensor_type.elem_type == half and v.name not in weights]
    outputs = [v.name for v in graph.output if v.type.tensor_type.elem_type == half and v.name not in inputs]
    names = Names(graph)
    inner = {name: names.unused(f"{name}_float32") for name in (*inputs, *outputs)}
    for function in made.functions:
        _widen_values(function.value_info, {})
        _widen_nodes(function.node, {})
    _widen_graph(graph, inner)
    _widen_values([value for value in graph.input if value.name in weights], {})
    cast = onnx.helper.make_node
    before = [cast("Cast", [name], [inner[name]], to=single) for name in inputs]
    after = [cast("Cast", [inner[name]], [name], to=half) for name in outputs]
    nodes = [*before, *graph.node, *after]
    del graph.node[:]
    graph.node.extend(nodes)
    return made


def _widen_graph(graph: Any, names: Mapping[str, str]) -> None:
    """In place: weights, constants and casts of `graph` to float32, and tensors renamed by `names`."""
    for tensor in graph.initializer:
        _widen_tensor(tensor)
        tensor.name = names.get(tensor.name, tensor.name)
    _widen_values(graph.value_info, names)
    _widen_nodes(graph.node, names)


def _widen_nodes(nodes: Any, names: Mapping[str, str]) -> None:
    import onnx

    for node in nodes:
        for tensors in (node.input, node.output):
            tensors[:] = [names.get(name, name) for name in tensors]
        for attribute in node.attribute:
            if attribute.name in ("to", "dtype") and attribute.i == onnx.TensorProto.FLOAT16:
                attribute.i = onnx.TensorProto.FLOAT
            if attribute.HasField("t"):
                _widen_tensor(attribute.t)
            for graph in inner_graphs(attribute):
                _widen_values([*graph.input, *graph.output], names)
                _widen_graph(graph, names)


def _widen_values(values: Iterable[Any], names: Mapping[str, str]) -> None:
    """In place: what a graph declares of its tensors."""
    import onnx

    for value in values:
        value.name = names.get(value.name, value.name)
        if value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT16:
            value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT


def _widen_tensor(tensor: Any) -> None:
    import onnx

    if tensor.data_type == onnx.TensorProto.FLOAT16:
        array = onnx.numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(onnx.numpy_helper.from_array(array, tensor.name))
