"""The small networks of the conformance suite: what each computes in numpy, and how each framework writes it."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.spec import TensorSpec

KERNEL = np.random.default_rng(1).standard_normal((5, 3, 3, 3)).astype(np.float32)
TABLE = np.random.default_rng(2).standard_normal((10, 3)).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Net:
    """`nodes` are ONNX nodes as (operator, inputs, outputs, attributes); `compute` is the same in numpy."""

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    nodes: tuple[tuple[str, list[str], list[str], dict[str, Any]], ...]
    compute: Callable[..., tuple[np.ndarray, ...]]

    def arrays(self, rows: int, size: int = 8, seed: int = 0) -> list[np.ndarray]:
        """Random inputs of `rows` rows; other dynamic dimensions get `size`."""
        rng = np.random.default_rng(seed)
        made = []
        for spec in self.inputs:
            shape = [rows, *(axis if isinstance(axis, int) else size for axis in spec.shape[1:])]
            if spec.dtype == "int64":
                made.append(rng.integers(0, len(TABLE), shape))
            else:
                made.append(rng.standard_normal(shape).astype(spec.dtype))
        return made


def _line(x: np.ndarray) -> tuple[np.ndarray, ...]:
    return (x * 2 + 1,)


def _picture(x: np.ndarray) -> tuple[np.ndarray, ...]:
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    return (np.maximum(np.einsum("nchwij,ocij->nohw", windows, KERNEL), 0).mean(axis=(2, 3)),)


def _floats(name: str, *shape: int | str, dtype: str = "float32") -> TensorSpec:
    return TensorSpec(name, dtype, shape)


_LINE_NODES = (("Mul", ["x", "two"], ["double"], {}), ("Add", ["double", "one"], ["y"], {}))

LINE = Net("line", (_floats("x", "batch", 4),), (_floats("y", "batch", 4),), _LINE_NODES, _line)
FIXED = Net("fixed", (_floats("x", 4, 4),), (_floats("y", 4, 4),), _LINE_NODES, _line)
HALF = Net(
    "half",
    (_floats("x", "batch", 4, dtype="float16"),),
    (_floats("y", "batch", 4, dtype="float16"),),
    _LINE_NODES,
    _line,
)
PAIR = Net(
    "pair",
    (_floats("a", "batch", 3), _floats("b", "batch", 3)),
    (_floats("sum", "batch", 3), _floats("product", "batch", 3)),
    (("Add", ["a", "b"], ["sum"], {}), ("Mul", ["a", "b"], ["product"], {})),
    lambda a, b: (a + b, a * b),
)
PICTURE = Net(
    "picture",
    (_floats("x", "batch", 3, "height", "width"),),
    (_floats("y", "batch", 5),),
    (
        ("Conv", ["x", "kernel"], ["c"], {"pads": [1, 1, 1, 1]}),
        ("Relu", ["c"], ["r"], {}),
        ("GlobalAveragePool", ["r"], ["p"], {}),
        ("Flatten", ["p"], ["y"], {}),
    ),
    _picture,
)
TOKENS = Net(
    "tokens",
    (TensorSpec("ids", "int64", ("batch", 6)),),
    (_floats("y", "batch", 6, 3),),
    (("Gather", ["table", "ids"], ["y"], {}),),
    lambda ids: (TABLE[ids],),
)
TOTAL = Net(
    "total",
    (_floats("x", 4, 4),),
    (_floats("y"),),
    (("ReduceSum", ["x"], ["y"], {"keepdims": 0}),),
    lambda x: (x.sum(),),
)
NETS = (LINE, FIXED, HALF, PAIR, PICTURE, TOKENS, TOTAL)


def write_onnx(net: Net, folder: Path) -> Path:
    """`net` as an ONNX file."""
    from onnx import TensorProto, checker, helper, numpy_helper, save

    types = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "int64": TensorProto.INT64}
    dtype = np.float16 if net is HALF else np.float32
    constants = {"two": np.array(2, dtype), "one": np.array(1, dtype), "kernel": KERNEL, "table": TABLE}
    used = {name for _, inputs, _, _ in net.nodes for name in inputs}
    values = [
        [helper.make_tensor_value_info(spec.name, types[spec.dtype], spec.shape) for spec in specs]
        for specs in (net.inputs, net.outputs)
    ]
    graph = helper.make_graph(
        [
            helper.make_node(kind, inputs, outputs, name=outputs[0], **attributes)
            for kind, inputs, outputs, attributes in net.nodes
        ],
        net.name,
        *values,
        [numpy_helper.from_array(value, name) for name, value in constants.items() if name in used],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(made, full_check=True)
    path = folder / f"{net.name}.onnx"
    save(made, path)
    return path


def write_torch(net: Net, folder: Path) -> Path:
    """`net` as a program of torch.export."""
    import torch

    kernel, table = torch.from_numpy(KERNEL), torch.from_numpy(TABLE)

    class Module(torch.nn.Module):
        def forward(self, *inputs: Any) -> Any:
            if net is PAIR:
                return inputs[0] + inputs[1], inputs[0] * inputs[1]
            if net is PICTURE:
                return torch.nn.functional.conv2d(inputs[0], kernel, padding=1).relu().mean((2, 3))
            if net is TOKENS:
                return torch.nn.functional.embedding(inputs[0], table)
            return inputs[0].sum() if net is TOTAL else inputs[0] * 2 + 1

    names = {name for spec in net.inputs for name in spec.shape if isinstance(name, str)}
    dims = {name: torch.export.Dim(name, min=1, max=4096) for name in names}
    shapes = tuple({axis: dims[size] for axis, size in enumerate(spec.shape) if size in dims} for spec in net.inputs)
    examples = tuple(torch.from_numpy(array) for array in net.arrays(rows=4))
    program = torch.export.export(Module().eval(), examples, dynamic_shapes=(shapes,))
    path = folder / f"{net.name}.pt2"
    torch.export.save(program, path)
    return path


def write_paddle(net: Net, folder: Path) -> Path:
    """`net` as paddle.jit.save writes it."""
    from engine.backends.paddle import import_paddle

    paddle = import_paddle()

    class Layer(paddle.nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.kernel = paddle.to_tensor(KERNEL)
            self.table = paddle.to_tensor(TABLE)

        def forward(self, first: Any, second: Any = None) -> Any:
            if net is PAIR:
                return first + second, first * second
            if net is PICTURE:
                convolved = paddle.nn.functional.conv2d(first, self.kernel, padding=1)
                return paddle.nn.functional.relu(convolved).mean((2, 3))
            if net is TOKENS:
                return paddle.nn.functional.embedding(first, self.table)
            return first.sum() if net is TOTAL else first * 2 + 1

    specs = [
        paddle.static.InputSpec([axis if isinstance(axis, int) else -1 for axis in spec.shape], spec.dtype, spec.name)
        for spec in net.inputs
    ]
    paddle.jit.save(Layer(), str(folder / net.name), input_spec=specs)
    return next(folder.glob(f"{net.name}.json"), folder / f"{net.name}.pdmodel")


def write_mindspore(net: Net, folder: Path) -> Path:
    """`net` as a MindIR. All of them are written at once: starting MindSpore takes much longer than writing."""
    return _mindirs() / f"{net.name}.mindir"


@cache
def _mindirs() -> Path:
    """The folder of the MindIR files, written by a process of its own: MindSpore cannot be loaded beside Paddle."""
    from engine.backends.mindspore import python

    folder = Path(tempfile.mkdtemp(prefix="mindir-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    script = Path(__file__).with_name("mindspore_nets.py")
    root = Path(__file__).resolve().parents[3]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([str(root), str(root / "contrib")])}
    subprocess.run([python(), str(script), str(folder)], env=environ, check=True, stdout=subprocess.DEVNULL)
    return folder
