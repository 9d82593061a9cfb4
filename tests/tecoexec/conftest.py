"""Tiny networks to be measured."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper


def save(path: Path, dtype: int, shape: list[int | str]) -> Path:
    """y = x + x."""
    values = [helper.make_tensor_value_info(name, dtype, shape) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "net", values[:1], values[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.fixture(scope="session")
def doubling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Floats [batch, 8]."""
    return save(tmp_path_factory.mktemp("tecoexec") / "doubling.onnx", TensorProto.FLOAT, ["batch", 8])


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """int64 [batch, length]."""
    return save(tmp_path_factory.mktemp("tecoexec") / "tokens.onnx", TensorProto.INT64, ["batch", "length"])
