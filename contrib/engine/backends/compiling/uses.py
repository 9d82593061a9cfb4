"""Every node of a graph, with what there is to know of it before the graph is opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .graph import inner_graphs

_SIZES = ("Shape", "Size")  # what they give depends on no value
# Operators that move numbers, and take them from the first input only: the others say which, where to and how often
_MOVES = (
    *("Expand", "Flatten", "Gather", "GatherElements", "GatherND", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSum"),
    *("Reshape", "Slice", "Split", "Squeeze", "Tile", "TopK", "Transpose", "Unsqueeze"),
)


@dataclass(frozen=True)
class Around:
    """What is the same for all nodes of a graph."""

    empty_inputs: bool  # whether an input is declared without any elements
    open_inputs: bool  # whether a dimension of an input is open
    opset: int  # 0 where it uses none of ONNX's operators
    takers: Mapping[str, set[tuple[str, int]]]  # who takes a tensor, and as which input; "" for outputs of graphs
    model: Any = None  # None within a function

    @cached_property
    def shapes(self) -> dict[str, list[int | None]]:
        """Of the inputs, and what follows from them; what the file says of tensors between them is not believed."""
        import onnx

        if self.model is None:
            return {}
        bare = onnx.ModelProto()
        bare.CopyFrom(self.model)
        del bare.graph.value_info[:]
        try:
            graph = onnx.shape_inference.infer_shapes(bare).graph
        except Exception:  # such as of a model that is too large for one message; there is no common base
            graph = bare.graph
        return {value.name: _sizes(value) for value in (*graph.input, *graph.value_info)}


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

    def depends_on_values(self, place: int, chosen: bool = True) -> bool:
        """Whether the input at `place` is more than what follows from the sizes of the graph's inputs.

        Args:
            place: of the input.
            chosen: whether a constant is more, a number that somebody has chosen; one that only says which sizes are
                taken, or how often, is none.
        """
        todo, seen = [(self.node.input[place], chosen)], set()
        while todo:
            name, counts = one = todo.pop()
            if not name or one in seen:
                continue
            seen.add(one)
            maker = self.makers.get(name)
            if name in self.constants:
                if counts:
                    return True
            elif maker is None or _hides(maker) or (counts and maker.op_type == "ConstantOfShape"):
                return True
            elif maker.op_type not in _SIZES:
                taken = 1 if maker.op_type in _MOVES else len(maker.input)
                todo += [(given, counts and index < taken) for index, given in enumerate(maker.input)]
        return False

    def ends_in(self, operator: str) -> bool:
        """Whether what the node gives is taken by such operators only, and as other than their first input."""
        places = self.around.takers.get(self.node.output[0], set())
        return all(taker == operator and place > 0 for taker, place in places)

    def shape(self, place: int) -> list[int | None]:
        """The sizes of the input at `place`, None where one is open; [] where nothing is known of it."""
        return self.around.shapes.get(self.node.input[place], [])

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
    takers: dict[str, set[tuple[str, int]]] = defaultdict(set)
    _note_takers(graph.node, [value.name for value in graph.output], takers)
    for function in model.functions:
        _note_takers(function.node, function.output, takers)
    yield from _of_nodes(graph.node, weights, {}, Around(empty, loose, _opset(model), takers, model))
    for function in model.functions:
        yield from _of_nodes(function.node, {}, {}, Around(empty, loose, _opset(function), takers))


def _hides(node: Any) -> bool:
    """Whether what a node gives may come from elsewhere than its inputs: from a branch, a function, or chance."""
    inner = any(inner_graphs(attribute) for attribute in node.attribute)
    return inner or node.domain not in ("", "ai.onnx") or not node.input


def _note_takers(nodes: Any, outputs: Sequence[str], takers: dict[str, set[tuple[str, int]]]) -> None:
    """Those of branches and loop bodies too. Two tensors of one name, in two functions, have both's."""
    for name in outputs:
        takers[name].add(("", 0))
    for node in nodes:
        kind = node.op_type if node.domain in ("", "ai.onnx") else ""
        for place, name in enumerate(node.input):
            takers[name].add((kind, place))
        for attribute in node.attribute:
            for graph in inner_graphs(attribute):
                _note_takers(graph.node, [value.name for value in graph.output], takers)


def _sizes(value: Any) -> list[int | None]:
    dims = value.type.tensor_type.shape.dim
    return [dim.dim_value if dim.HasField("dim_value") and dim.dim_value >= 0 else None for dim in dims]


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
