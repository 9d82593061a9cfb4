"""Every node of a graph, with what there is to know of it before the graph is opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .graph import inner_graphs

_SIZES = ("Shape", "Size")  # what they give depends on no value


@dataclass(frozen=True)
class Around:
    """What is the same for all nodes of a graph."""

    empty_inputs: bool  # whether an input is declared without any elements
    open_inputs: bool  # whether a dimension of an input is open
    opset: int  # 0 where it uses none of ONNX's operators


@dataclass(frozen=True)
class Use:
    """One node, with what there is to know of it."""

    node: Any
    attributes: dict[str, Any]
    constants: Mapping[str, Any]  # a tensor each, None where it is none that can be read
    makers: Mapping[str, Any]  # the node that gives a tensor
    around: Around

    @property
    def opset(self) -> int:
        """That of the model, or of the function that the node stands in."""
        return self.around.opset

    def says(self, name: str, value: Any) -> bool:
        """Whether the attribute `name` is `value`; one that is not given is not."""
        return self.attributes.get(name) == value

    def has_input(self, place: int) -> bool:
        """Whether the input at `place` is used."""
        return len(self.node.input) > place and bool(self.node.input[place])

    def value(self, place: int) -> Any:
        """The numbers of the input at `place`; None where it is no constant, or lies in another file."""
        import onnx

        tensor = self.constants.get(self.node.input[place]) if self.has_input(place) else None
        if tensor is None or tensor.data_location == onnx.TensorProto.EXTERNAL:
            return None
        return onnx.numpy_helper.to_array(tensor)

    def depends_on_values(self, place: int) -> bool:
        """Whether the input at `place` is more than what follows from the sizes of the graph's inputs."""
        todo, seen = [self.node.input[place]], {""}
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            maker = self.makers.get(name)
            if maker is None or maker.op_type == "Constant":
                if name not in self.constants or name == self.node.input[place]:
                    return True  # given by the caller, or a number that somebody has chosen
            elif maker.op_type not in _SIZES:
                todo += maker.input
        return False

    def has_output(self, place: int) -> bool:
        """Whether the output at `place` is used."""
        return len(self.node.output) > place and bool(self.node.output[place])


def uses(model: Any) -> Iterator[Use]:
    """All nodes of a model, those of branches, loop bodies and functions too."""
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    given = [value for value in graph.input if value.name not in weights]
    dims = [dim for value in given for dim in value.type.tensor_type.shape.dim]
    empty = any(dim.HasField("dim_value") and dim.dim_value == 0 for dim in dims)
    loose = any(not dim.HasField("dim_value") or dim.dim_value < 0 for dim in dims)
    yield from _of_nodes(graph.node, weights, {}, Around(empty, loose, _opset(model)))
    for function in model.functions:
        yield from _of_nodes(function.node, {}, {}, Around(empty, loose, _opset(function)))


def _opset(holder: Any) -> int:
    """Of a model or a function."""
    return max((one.version for one in holder.opset_import if one.domain in ("", "ai.onnx")), default=0)


def _of_nodes(nodes: Any, constants: Mapping[str, Any], makers: Mapping[str, Any], around: Around) -> Iterator[Use]:
    import onnx

    constants = dict(constants) | {node.output[0]: _tensor(node) for node in nodes if node.op_type == "Constant"}
    makers = dict(makers) | {name: node for node in nodes for name in node.output}
    for node in nodes:
        plain = {
            one.name: onnx.helper.get_attribute_value(one)
            for one in node.attribute
            if not (inner_graphs(one) or one.ref_attr_name)  # which a function is given where it is used
        }
        yield Use(node, plain, constants, makers, around)
        for attribute in node.attribute:
            for graph in inner_graphs(attribute):
                inner = constants | {tensor.name: tensor for tensor in graph.initializer}
                yield from _of_nodes(graph.node, inner, makers, around)


def _tensor(constant: Any) -> Any:
    """What a Constant node holds, where it is written as a tensor or as whole numbers."""
    import onnx

    said = {one.name: onnx.helper.get_attribute_value(one) for one in constant.attribute}
    if "value_ints" in said:
        return onnx.numpy_helper.from_array(np.array(said["value_ints"], np.int64))
    return said.get("value")
