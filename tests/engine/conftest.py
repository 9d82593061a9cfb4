"""Small ONNX networks whose results can be worked out by hand, and doubles of vendors' packages."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

from engine import backends

DOUBLES = Path(__file__).resolve().parents[1] / "doubles"
FLOATS = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "int64": TensorProto.INT64}


def value(name: str, dtype: str, shape: list[Any]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, FLOATS[dtype], shape)


@pytest.fixture(params=["openvino", "cpu"])
def target(request: pytest.FixtureRequest) -> str:
    """Each target whose runtime is here."""
    state = backends.targets()[request.param].availability()
    if not state.usable:
        pytest.skip(state.detail)
    return str(request.param)


@pytest.fixture
def network(tmp_path: Path) -> Callable[..., Path]:
    """Write a graph of `nodes` (op, inputs, outputs) to a file and return its path."""

    def write(nodes: list[tuple[str, list[str], list[str]]], inputs: list[Any], outputs: list[Any]) -> Path:
        graph = helper.make_graph([helper.make_node(*node) for node in nodes], "net", inputs, outputs)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        path = tmp_path / f"net{len(list(tmp_path.iterdir()))}.onnx"
        onnx.save(model, path)
        return path

    return write


@pytest.fixture
def doubling(network: Callable[..., Path]) -> Callable[..., Path]:
    """y = x + x, for x of the given dtype and shape."""

    def write(shape: list[Any], dtype: str = "float32") -> Path:
        return network([("Add", ["x", "x"], ["y"])], [value("x", dtype, shape)], [value("y", dtype, shape)])

    return write


@pytest.fixture
def sum_and_difference(network: Callable[..., Path]) -> Path:
    """(a + b, a - b) for two inputs [batch, 3]."""
    shape = ["batch", 3]
    return network(
        [("Add", ["a", "b"], ["sum"]), ("Sub", ["a", "b"], ["difference"])],
        [value("a", "float32", shape), value("b", "float32", shape)],
        [value("sum", "float32", shape), value("difference", "float32", shape)],
    )


@pytest.fixture
def use_double(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """`use_double(name)` puts tests/doubles/<name> in the place of the packages that it has, for one test."""
    hidden = {}

    def packages(folder: Path) -> set[str]:
        return {path.stem for path in folder.iterdir() if path.name not in ("__pycache__", "bin")}

    def is_of(module: str, names: set[str]) -> bool:
        return module.partition(".")[0] in names

    doubled: set[str] = set()

    def use(name: str) -> None:
        doubled.update(packages(DOUBLES / name))
        for module in [module for module in sys.modules if is_of(module, doubled)]:
            hidden[module] = sys.modules.pop(module)
        monkeypatch.syspath_prepend(str(DOUBLES / name))
        # programs beside the package, run by this Python
        monkeypatch.setenv("PATH", f"{DOUBLES / name / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}")

    yield use
    for module in [module for module in sys.modules if is_of(module, doubled)]:
        del sys.modules[module]
    sys.modules.update(hidden)
