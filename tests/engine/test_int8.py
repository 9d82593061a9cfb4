"""A quantised network (QuantizeLinear, DequantizeLinear) gives the same on every target that runs here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine import backends
from engine.base import Engine


@pytest.fixture(scope="module", params=[0, 128], ids=["with sign", "without sign"])
def quantised(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """y = (x rounded to steps of 1/16, from -8 to 7.9375) @ W, W in int8, the rounded x in int8 or uint8."""
    from onnx import TensorProto, helper, numpy_helper, save

    weights = np.random.default_rng(0).integers(-127, 128, (4, 3)).astype(np.int8)
    constants = {
        "step": np.array(1 / 16, np.float32),
        "zero": np.array(request.param, np.uint8 if request.param else np.int8),
        "w_zero": np.array(0, np.int8),
        "w_step": np.array(1 / 64, np.float32),
        "w": weights,
    }
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "step", "zero"], ["q"], name="q"),
        helper.make_node("DequantizeLinear", ["q", "step", "zero"], ["rounded"], name="d"),
        helper.make_node("DequantizeLinear", ["w", "w_step", "w_zero"], ["weights"], name="w"),
        helper.make_node("MatMul", ["rounded", "weights"], ["y"], name="y"),
    ]
    floats = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size]) for name, size in (("x", 4), ("y", 3))
    ]
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "int8", floats[:1], floats[1:], tensors)
    path = tmp_path_factory.mktemp("int8") / "int8.onnx"
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.mark.parametrize("target", ["onnx", "openvino", "cpu"])
def test_int8(target: str, quantised: Path) -> None:
    state = backends.targets()[target].availability()
    if not state.usable:
        pytest.skip(f"{target}: {state.detail}")
    # numbers that are not halfway between two steps, as runtimes round those differently
    x = np.random.default_rng(1).integers(-120, 120, (5, 4)).astype(np.float32) / 16 + 0.01
    weights = np.random.default_rng(0).integers(-127, 128, (4, 3)).astype(np.float32) / 64
    with Engine(quantised, target=target, batch_size=5) as engine:
        np.testing.assert_allclose(engine(x), np.round(x * 16) / 16 @ weights, rtol=1e-4, atol=1e-4)
