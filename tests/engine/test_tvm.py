"""What target `cpu` does to a graph before TVM compiles it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine import backends
from engine.base import Engine


@pytest.fixture(autouse=True)
def usable() -> None:
    state = backends.targets()["cpu"].availability()
    if not state.usable:
        pytest.skip(f"cpu: {state.detail}")


def saved(path: Path, nodes: list, inputs: list, outputs: list, weights: dict[str, np.ndarray]) -> Path:
    tensors = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph(nodes, "net", inputs, outputs, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    return path


def test_float16_adds_up_in_float32(tmp_path: Path) -> None:
    """2,049 ones: in float16, 2,048 + 1 is 2,048."""
    nodes = [helper.make_node("MatMul", ["x", "w"], ["sums"]), helper.make_node("Add", ["sums", "less"], ["y"])]
    sizes = {"x": ["batch", 2049], "y": ["batch", 1]}
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT16, shape) for name, shape in sizes.items())
    weights = {"w": np.ones((2049, 1), np.float16), "less": np.array(-2048, np.float16)}
    with Engine(saved(tmp_path / "sums.onnx", nodes, [x], [y], weights), target="cpu", batch_size=2) as engine:
        assert [spec.dtype for spec in (*engine.inputs, *engine.outputs)] == ["float16", "float16"]
        sums = engine(np.ones((2, 2049), np.float16))
    assert sums.dtype == np.float16
    assert sums.tolist() == [[1.0], [1.0]]


def test_an_lstm_gives_what_onnxruntime_gives(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    shapes = {"w": (2, 24, 4), "r": (2, 24, 6), "b": (2, 48)}
    weights = {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    nodes = [
        helper.make_node("Transpose", ["x"], ["steps_first"], perm=[1, 0, 2]),
        helper.make_node(
            "LSTM", ["steps_first", "w", "r", "b"], ["all", "last"], hidden_size=6, direction="bidirectional"
        ),
        helper.make_node("Transpose", ["last"], ["y"], perm=[1, 0, 2]),
    ]
    sizes = {"x": ["batch", "length", 4], "y": ["batch", 2, 6]}
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in sizes.items())
    path = saved(tmp_path / "lstm.onnx", nodes, [x], [y], weights)
    given = random.normal(size=(3, 7, 4)).astype(np.float32)
    with Engine(path) as reference, Engine(path, target="cpu", input_size=[[3, 7, 4]]) as engine:
        np.testing.assert_allclose(engine(given), reference(given), atol=1e-6)


@pytest.mark.parametrize(("dtype", "outside"), [(np.float32, [np.nan, np.nan]), (np.int64, [[0, 1], [6, 7]])])
def test_a_lookup_beside_the_table_ends_nothing(
    tmp_path: Path, dtype: type, outside: list, capfd: pytest.CaptureFixture[str]
) -> None:
    table = np.arange(8, dtype=dtype).reshape(4, 2)
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch"])
    rows = helper.make_tensor_value_info("rows", helper.np_dtype_to_tensor_dtype(table.dtype), ["batch", 2])
    nodes = [helper.make_node("Gather", ["table", "ids"], ["rows"], axis=0)]
    path = saved(tmp_path / "lookup.onnx", nodes, [ids], [rows], {"table": table})
    far = 1 << 40
    with Engine(path, target="cpu", batch_size=5) as engine:
        got = engine(np.array([3, -1, 0, -far, far]))
    np.testing.assert_array_equal(got[:3], table[[3, 3, 0]])
    np.testing.assert_array_equal(got[3:], np.broadcast_to(np.array(outside).reshape(2, -1), (2, 2)))
    assert "segfault" not in capfd.readouterr().err
