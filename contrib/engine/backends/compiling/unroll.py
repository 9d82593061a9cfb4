"""LSTMs of an ONNX graph written out step by step, for compilers that know no recurrent operators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .graph import Names

# attributes of an LSTM that is written out: of these names any value, of those the default
_FREE = {"direction", "hidden_size"}
_DEFAULTS: dict[str, list[Any]] = {
    "layout": [0],
    "input_forget": [0],
    "activations": [[b"Sigmoid", b"Tanh", b"Tanh"] * n for n in (1, 2)],
}
_LEAST_OPSET = 10  # Slice takes its places as inputs from here on


def lstms_unrolled(model: Any, shapes: Mapping[str, Sequence[Any]]) -> Any:
    """The model proto, or a copy in which each LSTM is a matrix product and a few operators for each step.

    An LSTM with sequence lengths, peepholes, activations of its own, a clip or batches first stays as it is, as does
    one whose weights are no constants, one within a branch, a loop or a function, and one of an opset below 10.

    Args:
        model: onnx.ModelProto.
        shapes: of the graph's inputs, fixed; the number of steps has to follow from them.
    """
    import onnx

    opset = max((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), default=0)
    if opset < _LEAST_OPSET or not any(map(_is_lstm, model.graph.node)):
        return model
    made = onnx.ModelProto()
    made.CopyFrom(model)
    sizes = sizes_of(made, shapes)
    weights, names = constants_of(made.graph), Names(made.graph)
    nodes: list[Any] = []
    for node in made.graph.node:
        layer = _Layer.of(node, names, sizes, weights)
        nodes += layer.written_out() if layer else [node]
        if layer:
            made.graph.initializer.extend(layer.tensors)
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    return made


def _is_lstm(node: Any) -> bool:
    return node.op_type == "LSTM" and node.domain in ("", "ai.onnx")


def sizes_of(model: Any, shapes: Mapping[str, Sequence[Any]]) -> dict[str, list[int]]:
    """The size of each tensor of an onnx.ModelProto, for inputs of fixed `shapes`; 0 where a dimension is not known."""
    import onnx

    made = onnx.ModelProto()
    made.CopyFrom(model)
    for value in made.graph.input:
        for dim, size in zip(value.type.tensor_type.shape.dim, shapes.get(value.name, ()), strict=False):
            dim.dim_value = size
    known = onnx.shape_inference.infer_shapes(made, data_prop=True).graph
    return {value.name: _sizes(value) for value in (*known.input, *known.output, *known.value_info)}


def constants_of(graph: Any) -> dict[str, np.ndarray]:
    """The weights of a graph, and what its nodes Constant hold."""
    import onnx

    tensors = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            tensors.update((node.output[0], one.t) for one in node.attribute if one.name == "value")
    return {name: onnx.numpy_helper.to_array(tensor) for name, tensor in tensors.items()}


def _sizes(value: Any) -> list[int]:
    return [dim.dim_value for dim in value.type.tensor_type.shape.dim]


def _is_plain(attribute: Any) -> bool:
    import onnx

    value = onnx.helper.get_attribute_value(attribute)
    return attribute.name in _FREE or value in _DEFAULTS.get(attribute.name, ())


@dataclass
class _Layer:
    """One LSTM, and what it becomes. w [directions, 4 H, inputs], r [directions, 4 H, H], b [directions, 4 H]."""

    node: Any
    names: Names
    steps: int
    rows: int
    w: np.ndarray
    r: np.ndarray
    b: np.ndarray | None
    nodes: list[Any] = field(default_factory=list)
    tensors: list[Any] = field(default_factory=list)
    known: dict[tuple[Any, ...], str] = field(default_factory=dict)

    @staticmethod
    def of(node: Any, names: Names, sizes: dict[str, list[int]], weights: dict[str, np.ndarray]) -> _Layer | None:
        """None for what is no LSTM, or one that cannot be written out."""
        if not _is_lstm(node) or not all(map(_is_plain, node.attribute)):
            return None
        given = [*node.input, *[""] * 8]
        steps, rows = (sizes.get(given[0]) or [0, 0])[:2]
        w, r, b = (weights.get(name) for name in given[1:4])
        if not steps or not rows or w is None or r is None or (given[3] and b is None) or given[4] or given[7]:
            return None
        return _Layer(node, names, steps, rows, w, r, None if b is None else np.add(*np.split(b, 2, axis=1)))

    def written_out(self) -> list[Any]:
        """The nodes in its place."""
        directions = [attribute.s for attribute in self.node.attribute if attribute.name == "direction"]
        reverse = [directions == [b"reverse"], True][: len(self.w)]  # the second of two is the way back
        made = [self._direction(number, backwards) for number, backwards in enumerate(reverse)]
        names = [*self.node.output, "", ""]
        if names[0]:
            shape = self._constant(np.array([self.steps, 1, self.rows, self.r.shape[2]], np.int64))
            parts = [self._add("Reshape", self._add("Concat", *steps, axis=0), shape) for steps, _ in made]
            self._add("Concat", *parts, axis=1, output=names[0])
        for name, which in ((names[1], 0), (names[2], 1)):
            if name:
                self._add("Concat", *[last[which] for _, last in made], axis=0, output=name)
        return self.nodes

    def _direction(self, number: int, backwards: bool) -> tuple[list[str], tuple[str, str]]:
        """The state [1, rows, H] after each step, and the state and the cell that it ends with."""
        x, _, _, _, _, h, c = [*self.node.input, *[""] * 7][:7]
        h, c = (name and self._part(name, number, 1, axis=0) for name in (h, c))
        before = self._add("MatMul", x, self._constant(self.w[number].T))
        if self.b is not None:
            before = self._add("Add", before, self._constant(self.b[number]))
        r = self._constant(self.r[number].T)
        states = [""] * self.steps
        for step in reversed(range(self.steps)) if backwards else range(self.steps):
            gates = self._part(before, step, 1, axis=0)
            if h:
                gates = self._add("Add", gates, self._add("MatMul", h, r))
            h, c = self._cell(gates, c)
            states[step] = h
        return states, (h, c)

    def _cell(self, gates: str, c: str) -> tuple[str, str]:
        """The next state and cell, from gates [1, rows, 4 H] in ONNX's order: input, output, forget, cell."""
        taken, out, forget, new = (self._part(gates, number, self.r.shape[2], axis=2) for number in range(4))
        c_next = self._add("Mul", self._add("Sigmoid", taken), self._add("Tanh", new))
        if c:
            c_next = self._add("Add", c_next, self._add("Mul", self._add("Sigmoid", forget), c))
        return self._add("Mul", self._add("Sigmoid", out), self._add("Tanh", c_next)), c_next

    def _part(self, name: str, number: int, size: int, axis: int) -> str:
        """The `number`-th part of `size` along `axis`."""
        places = [self._constant(np.array([place], np.int64)) for place in (number * size, (number + 1) * size, axis)]
        return self._add("Slice", name, *places)

    def _constant(self, array: np.ndarray) -> str:
        import onnx

        key = (array.shape, array.dtype.str, array.tobytes())
        if key not in self.known:
            self.known[key] = self.names.unused(f"lstm_constant{len(self.tensors)}")
            self.tensors.append(onnx.numpy_helper.from_array(array, self.known[key]))
        return self.known[key]

    def _add(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        import onnx

        output = output or self.names.unused(f"lstm_{kind}{len(self.nodes)}")
        self.nodes.append(onnx.helper.make_node(kind, list(inputs), [output], **attributes))
        return output
