"""ONNX nodes, put together: what stands in front of a network and behind it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from engine.backends.compiling.graph import Names
from zoo.errors import ZooError

OPSET = 13  # from which on the operators below take what they are given here
_ONE = float(1 << 22)  # a weight of 1, in Pillow's whole numbers


class Nodes:
    """New nodes for a graph.

    Args:
        graph: onnx.GraphProto whose tensors' names are not used again.
    """

    def __init__(self, graph: Any):
        self._names = Names(graph)
        self.made: list[Any] = []
        self.constants: list[Any] = []

    def name(self, wanted: str) -> str:
        """A name that no tensor has."""
        return self._names.unused(wanted)

    def op(self, kind: str, *inputs: Any, output: str = "", **attributes: Any) -> str:
        """One node.

        Args:
            kind: of operator.
            inputs: names of tensors; numpy arrays become constants.
            output: its name; a new one by default.
            attributes: as ONNX calls them.

        Returns:
            The name of its only output.
        """
        from onnx import helper

        output = output or self.name(f"processing_{kind.lower()}_{len(self.made)}")
        given = [one if isinstance(one, str) else self._constant(one) for one in inputs]
        self.made.append(helper.make_node(kind, given, [output], name=output, **attributes))
        return output

    def ops(self, kind: str, count: int, *inputs: Any, **attributes: Any) -> list[str]:
        """One node with several outputs, whose names are returned."""
        from onnx import helper

        outputs = [self.name(f"processing_{kind.lower()}_{len(self.made)}_{number}") for number in range(count)]
        given = [one if isinstance(one, str) else self._constant(one) for one in inputs]
        self.made.append(helper.make_node(kind, given, outputs, name=outputs[0], **attributes))
        return outputs

    def cast(self, value: str, dtype: str, output: str = "") -> str:
        """The tensor in another dtype, by numpy's name."""
        from onnx import helper

        return self.op("Cast", value, output=output, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def _constant(self, value: np.ndarray) -> str:
        from onnx import numpy_helper

        name = self.name(f"processing_constant_{len(self.constants)}")
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name


def whole(value: int | list[int]) -> np.ndarray:
    """int64, as ONNX takes sizes."""
    return np.asarray(value, np.int64)


def real(value: float | tuple[float, ...] | list[float]) -> np.ndarray:
    """float32."""
    return np.asarray(value, np.float32)


def double(value: float) -> np.ndarray:
    """float64."""
    return np.asarray(value, np.float64)


def require_opset(model: Any) -> None:
    """Raise ZooError where a network's operators are of a version in which ours cannot be written."""
    own = next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    if own < OPSET:
        raise ZooError(
            f"--processing inside is written in ONNX operators of opset {OPSET} or later, and this network's file has "
            f"opset {own}; leave --processing out"
        )


def widths(nodes: Nodes, before: Any, after: Any, kernel: str, first: Any, count: Any) -> str:
    """How Pillow scales one side of a picture, as a matrix: float64 [count, before], each row sums up to 1.

    Each new pixel is a mean of old ones, weighted by how near their centres are, over a range that grows with the
    scale (antialiasing). ONNX's own Resize is not used: its antialiasing needs opset 18, and runtimes differ in it.
    Distances are whole numbers until the last division, so that little is lost where a runtime has float32 only.

    Args:
        nodes: get the new ones.
        before, after: pixels of the side, int64: the name of a scalar, or an array.
        kernel: "bilinear" or "bicubic".
        first, count: which of the new pixels, from the first one on.
    """
    rows = nodes.op("Range", first, nodes.op("Add", first, count), whole(1))
    columns = nodes.op("Range", whole(0), before, whole(1))
    middle = nodes.op("Mul", nodes.op("Add", nodes.op("Mul", rows, whole(2)), whole(1)), before)
    place = nodes.op("Mul", nodes.op("Add", nodes.op("Mul", columns, whole(2)), whole(1)), after)
    apart = nodes.op("Sub", place, nodes.op("Unsqueeze", middle, whole([1])))
    reach = nodes.op("Mul", nodes.op("Max", before, after), whole(2))
    x = nodes.op("Abs", nodes.op("Div", nodes.cast(apart, "float64"), nodes.cast(reach, "float64")))
    near = _bilinear(nodes, x) if kernel == "bilinear" else _bicubic(nodes, x)
    return nodes.op("Div", near, nodes.op("ReduceSum", near, whole([1]), keepdims=1))


def _bilinear(nodes: Nodes, x: str) -> str:
    return nodes.op("Max", nodes.op("Sub", double(1), x), double(0))


def _bicubic(nodes: Nodes, x: str) -> str:
    """Keys's kernel with a = -0.5, as Pillow has it."""
    inner = nodes.op("Sub", nodes.op("Mul", x, double(1.5)), double(2.5))
    inner = nodes.op("Add", nodes.op("Mul", nodes.op("Mul", inner, x), x), double(1))
    outer = nodes.op("Add", nodes.op("Mul", nodes.op("Sub", x, double(5)), x), double(8))
    outer = nodes.op("Mul", nodes.op("Sub", nodes.op("Mul", outer, x), double(4)), double(-0.5))
    far = nodes.op("Where", nodes.op("Less", x, double(2)), outer, double(0))
    return nodes.op("Where", nodes.op("Less", x, double(1)), inner, far)


@dataclass(frozen=True)
class Side:
    """One side of a picture that is scaled.

    Attributes:
        before, after: its pixels, int64: the name of a scalar, or an array.
        matrix: what `widths` gave.
    """

    before: Any
    after: Any
    matrix: str


def scaled_picture(nodes: Nodes, planes: str, height: Side, width: Side) -> str:
    """Planes of a picture scaled as Pillow does it, to whole numbers after each of two steps.

    Pillow's weights are whole numbers of 22 bits, and halves are common (where a side doubles, say): sums in float64
    are exact, as Pillow's are, so that these come out alike.

    Args:
        nodes: get the new ones.
        planes: [C, H, W], 0 to 255.
        height, width: the two sides.

    Returns:
        float32 [C, new height, new width].
    """
    # Transposed before it is rounded: ONNX Runtime 1.23 joins a MatMul with a Transpose in front of it, in float64 too,
    # for which it has nothing that computes both
    turned = nodes.op("Transpose", width.matrix, perm=[1, 0])
    down, across = (nodes.op("Round", nodes.op("Mul", one, double(_ONE))) for one in (height.matrix, turned))
    values = nodes.cast(planes, "float64")
    scaled = _pixels(nodes, nodes.op("MatMul", down, _pixels(nodes, nodes.op("MatMul", values, across))))
    if begins_with_columns():
        other = _pixels(nodes, nodes.op("MatMul", _pixels(nodes, nodes.op("MatMul", down, values)), across))
        # Both are computed: of ONNX's If, OpenVINO 2026.4 returned memory that nothing was written to in its first call
        scaled = nodes.op("Where", _shrinks_more(nodes, height, width), other, scaled)
    return nodes.cast(scaled, "float32")


def _shrinks_more(nodes: Nodes, height: Side, width: Side) -> str:
    """Whether the height shrinks, and by more than twice what the width does."""
    shrunk, narrowed = (nodes.op("Sub", one.before, one.after) for one in (height, width))
    twice = nodes.op("Greater", shrunk, nodes.op("Mul", narrowed, whole(2)))
    return nodes.op("And", nodes.op("Greater", shrunk, whole(0)), twice)


@cache
def begins_with_columns() -> bool:
    """Whether the Pillow that is installed scales the columns first where the height shrinks by more than twice what
    the width does, as Pillow 13 does; others begin with the rows."""
    from PIL import Image

    pixels = (np.arange(200 * 90) * 7919 % 251).astype(np.uint8).reshape(200, 90)
    picture, how = Image.fromarray(pixels), Image.Resampling.BILINEAR
    steps = picture.resize((45, 200), how).resize((45, 100), how)
    return picture.resize((45, 100), how).tobytes() != steps.tobytes()


def _pixels(nodes: Nodes, sums: str) -> str:
    """Whole numbers from 0 to 255, halves rounded up."""
    values = nodes.op("Div", nodes.op("Add", sums, double(_ONE / 2)), double(_ONE))
    return nodes.op("Min", nodes.op("Max", nodes.op("Floor", values), double(0)), double(255))


def scaled_values(nodes: Nodes, planes: str, down: str, across: str) -> str:
    """As `scaled_picture`, of any numbers in float32, which are not rounded."""
    down, across = (nodes.cast(one, "float32") for one in (down, across))
    return nodes.op("MatMul", down, nodes.op("MatMul", planes, nodes.op("Transpose", across, perm=[1, 0])))
