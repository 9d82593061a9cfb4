"""The tensors within an ONNX graph, and files that give them as outputs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.backends.compiling.onnx_file import read_onnx

_MOST_BYTES = 64 << 20  # of the tensors that one run gives
_WIDTHS = {1: 4, 10: 2, 16: 2, 11: 8}  # bytes of float32, float16, bfloat16 and float64, by ONNX's number
_UNKNOWN = 4 << 20  # bytes that a tensor counts whose shape nobody can tell


@dataclass(frozen=True)
class Tap:
    """A tensor of numbers within a graph, of a known number of dimensions.

    Attributes:
        tensor: its name.
        node, operator: what makes it.
        before: the tensors that this node takes.
        kind: ONNX's number of its element type.
        bytes: that it takes; a guess where its shape is not known.
    """

    tensor: str
    node: str
    operator: str
    before: tuple[str, ...]
    kind: int
    bytes: int


class Graph:
    """An ONNX file whose tensors can be looked at.

    Args:
        path: of the file.
        shapes: of its inputs, for which the tensors' sizes are worked out.
    """

    def __init__(self, path: Path, shapes: Sequence[Sequence[int]]):
        import onnx

        self.path = path
        self._model = read_onnx(path)
        sized = onnx.ModelProto()
        sized.CopyFrom(self._model)
        for value, shape in zip(sized.graph.input, shapes, strict=True):
            for dim, size in zip(value.type.tensor_type.shape.dim, shape, strict=True):
                dim.dim_value = size
        known = onnx.shape_inference.infer_shapes(sized).graph
        self._types = {one.name: one.type.tensor_type for one in (*known.value_info, *known.output)}
        self._rounded = self._dequantised()
        self.taps = list(self._taps())

    def _dequantised(self) -> dict[str, str]:
        """What stands for a tensor that is rounded to int8 at once: what comes out behind, since the rounding may also
        do the clipping of an activation that was folded into it."""
        takers: dict[str, list[Any]] = {}
        for node in self._model.graph.node:
            for name in node.input:
                takers.setdefault(name, []).append(node)
        found = {}
        for name, nodes in takers.items():
            if [node.op_type for node in nodes] == ["QuantizeLinear"]:
                behind = takers.get(nodes[0].output[0], [])
                if [node.op_type for node in behind] == ["DequantizeLinear"]:
                    found[name] = behind[0].output[0]
        return found

    def _taps(self) -> Iterator[Tap]:
        stand_ins = set(self._rounded.values())
        for number, node in enumerate(self._model.graph.node):
            if node.op_type in ("Constant", "QuantizeLinear") or stand_ins & set(node.output):
                continue
            for name in filter(None, node.output):
                said = self._types.get(name)
                kind = said.elem_type if said is not None and said.HasField("shape") else 0
                if kind in _WIDTHS:
                    label = node.name or f"{node.op_type}_{number}"
                    yield Tap(name, label, node.op_type, tuple(node.input), kind, self._bytes(name, kind))

    def _bytes(self, name: str, kind: int) -> int:
        dims = self._types[name].shape.dim
        known = all(dim.HasField("dim_value") for dim in dims)
        return math.prod(dim.dim_value for dim in dims) * _WIDTHS[kind] if known else _UNKNOWN

    def before(self) -> dict[str, tuple[str, ...]]:
        """The tensors that each tensor is made of."""
        return {name: tuple(node.input) for node in self._model.graph.node for name in node.output}

    def write(self, taps: Sequence[Tap], path: Path) -> None:
        """A file that gives these tensors, and computes no more than they need.

        Args:
            taps: of this graph; they become the outputs, in this order.
            path: of the new file; weights beside it are written where they are too many for one message.
        """
        import onnx

        made = onnx.ModelProto()
        made.CopyFrom(self._model)
        del made.graph.output[:]
        for number, tap in enumerate(taps):
            axes = [f"axis_{number}_{axis}" for axis in range(len(self._types[tap.tensor].shape.dim))]
            name = self._rounded.get(tap.tensor, tap.tensor)
            made.graph.output.append(onnx.helper.make_tensor_value_info(name, tap.kind, axes))
        outside = made.ByteSize() > 1_900_000_000
        onnx.save(made, path, save_as_external_data=outside, location=f"{path.name}.data" if outside else None)


def slices(taps: Sequence[Tap], most: int = _MOST_BYTES) -> Iterator[list[Tap]]:
    """The taps in their order, as many at once as take at most `most` bytes, but one at least."""
    part: list[Tap] = []
    for tap in taps:
        if part and sum(one.bytes for one in part) + tap.bytes > most:
            yield part
            part = []
        part.append(tap)
    if part:
        yield part
