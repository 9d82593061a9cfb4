"""The tensors within an ONNX graph, and files that give them as outputs."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.backends.compiling.graph import inner_graphs
from engine.backends.compiling.onnx_file import read_onnx
from zoo.errors import ZooError

_MOST_BYTES = 64 << 20  # of the tensors that one run gives
_WIDTHS = {1: 4, 10: 2, 16: 2, 11: 8}  # bytes of float32, float16, bfloat16 and float64, by ONNX's number
# Bytes of whole numbers and truth values, which are looked at where they are outputs of the graph: int8, int32, …
_WHOLE = {2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 12: 4, 13: 8}
_TOLD = {"tensor(float)": 1, "tensor(float16)": 10, "tensor(bfloat16)": 16, "tensor(double)": 11}  # by ONNX Runtime
_UNKNOWN = 4 << 20  # bytes that a tensor counts whose shape nobody can tell


@dataclass(frozen=True)
class Tap:
    """A tensor of numbers within a graph.

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
        shapes: of what it is given, for which the tensors' sizes are worked out.

    Raises:
        ZooError: it takes something else.
    """

    def __init__(self, path: Path, shapes: Sequence[Sequence[int]]):
        import onnx

        self.path = path
        self._model = read_onnx(path)
        sized = onnx.ModelProto()
        sized.CopyFrom(self._model)
        self._give(sized.graph, shapes)
        known = onnx.shape_inference.infer_shapes(sized).graph
        self._types = {one.name: one.type.tensor_type for one in (*known.value_info, *known.output)}
        self._types |= self._asked()
        self._rounded = self._dequantised()
        self.outputs = [one.name for one in self._model.graph.output]
        self.taps = list(self._taps())

    def _give(self, graph: Any, shapes: Sequence[Sequence[int]]) -> None:
        """Set the sizes of the inputs, in place."""
        weights = {tensor.name for tensor in graph.initializer}
        inputs = [value for value in graph.input if value.name not in weights]
        taken = [value.type.tensor_type.shape.dim for value in inputs]
        if [len(dims) for dims in taken] != [len(shape) for shape in shapes]:
            wanted = [[dim.dim_param or dim.dim_value for dim in dims] for dims in taken]
            raise ZooError(
                f"{self.path} is a file of another network: it takes inputs of {wanted}, and this one is given "
                f"{[list(shape) for shape in shapes]}"
            )
        for dims, shape in zip(taken, shapes, strict=True):
            for dim, size in zip(dims, shape, strict=True):
                dim.dim_value = size

    def _asked(self) -> dict[str, Any]:
        """The types of tensors that ONNX's own inference does not know, as behind operators of ONNX Runtime's and
        behind loops, asked of ONNX Runtime; without those that it does not know either."""
        import onnx
        import onnxruntime

        asked = onnx.ModelProto()
        asked.CopyFrom(self._model)
        del asked.graph.output[:]
        for node in self._model.graph.node:
            for name in filter(None, node.output):
                if name not in self._types or not self._types[name].HasField("shape"):
                    asked.graph.output.append(onnx.ValueInfoProto(name=name))
        if not asked.graph.output:
            return {}
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 4
        with tempfile.TemporaryDirectory(prefix="zoo-debug-") as folder:
            _save(asked, Path(folder, "asked.onnx"))
            try:
                session = onnxruntime.InferenceSession(str(Path(folder, "asked.onnx")), options)
            except Exception:  # a class an error kind, without a common base: operators that only the target has
                return {}
        told = {one.name: _TOLD.get(one.type, 0) for one in session.get_outputs()}
        return {name: onnx.TypeProto.Tensor(elem_type=kind) for name, kind in told.items() if kind}

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
                kind = said.elem_type if said is not None else 0
                if kind in _WIDTHS or (kind in _WHOLE and name in self.outputs):
                    yield Tap(name, _label(node, number), node.op_type, _taken(node), kind, self._bytes(name, kind))

    def _bytes(self, name: str, kind: int) -> int:
        said = self._types[name]
        known = said.HasField("shape") and all(dim.HasField("dim_value") for dim in said.shape.dim)
        return math.prod(dim.dim_value for dim in said.shape.dim) * (_WIDTHS | _WHOLE)[kind] if known else _UNKNOWN

    def before(self) -> dict[str, tuple[str, ...]]:
        """The tensors that each tensor is made of."""
        return {name: _taken(node) for node in self._model.graph.node for name in node.output}

    def makers(self) -> dict[str, tuple[str, str]]:
        """Of each tensor that is computed, the operator and the name of the node that makes it."""
        nodes = enumerate(self._model.graph.node)
        return {name: (node.op_type, _label(node, number)) for number, node in nodes for name in node.output}

    def wiring(self) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        """What each node takes and gives, in the order of the graph; "" stands for constants."""
        given = {name for node in self._model.graph.node for name in node.output if node.op_type != "Constant"}
        given |= {value.name for value in self._model.graph.input} - {one.name for one in self._model.graph.initializer}
        nodes = [node for node in self._model.graph.node if node.op_type != "Constant"]
        return [(tuple(name if name in given else "" for name in _taken(node)), tuple(node.output)) for node in nodes]

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
            said = self._types[tap.tensor]
            axes = [f"axis_{number}_{axis}" for axis in range(len(said.shape.dim))] if said.HasField("shape") else None
            name = self._rounded.get(tap.tensor, tap.tensor)
            made.graph.output.append(onnx.helper.make_tensor_value_info(name, tap.kind, axes))
        _save(made, path)


def _save(model: Any, path: Path) -> None:
    """Weights go beside the file where they are too many for one message."""
    import onnx

    outside = model.ByteSize() > 1_900_000_000
    onnx.save(model, path, save_as_external_data=outside, location=f"{path.name}.data" if outside else None)


def _label(node: Any, number: int) -> str:
    return node.name or f"{node.op_type}_{number}"


def _taken(node: Any) -> tuple[str, ...]:
    """The tensors that a node takes, with those of the outer graph that its branches or its body take."""
    inside = (one for attribute in node.attribute for inner in inner_graphs(attribute) for one in inner.node)
    # names within a body hide none of the outer graph, so that those which the body makes itself are nobody's outside
    return (*node.input, *(name for one in inside for name in _taken(one)))


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
