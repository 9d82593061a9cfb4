"""Small ONNX networks, built node by node, whose results can be worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

FLOATS = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16, "int64": TensorProto.INT64}


def value(name: str, dtype: str, shape: list[Any]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, FLOATS[dtype], shape)


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
