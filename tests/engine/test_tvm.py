"""What target `cpu` does to a graph before TVM compiles it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine import backends
from engine.base import Engine
from engine.errors import ModelFileError


@pytest.fixture(autouse=True)
def usable() -> None:
    state = backends.targets()["cpu"].availability()
    if not state.usable:
        pytest.skip(f"cpu: {state.detail}")


def saved(
    path: Path, nodes: list, inputs: list, outputs: list, weights: dict[str, np.ndarray], opset: int = 17
) -> Path:
    tensors = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph(nodes, "net", inputs, outputs, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
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


FAR = 1 << 40
LOOKUPS = {
    # operator, attributes, indices, and what a table of [[0, 1], [2, 3], [4, 5], [6, 7]] gives for them
    "Gather": ({"axis": 0}, [3, -1, 0, -FAR, FAR], [[6, 7], [6, 7], [0, 1], [0, 1], [6, 7]]),
    "GatherElements": ({"axis": 1}, [[1, -1], [0, 0], [-FAR, 0], [FAR, 0]], [[1, 1], [2, 2], [4, 4], [7, 6]]),
    "GatherND": ({}, [[3, 1], [-1, 0], [FAR, -FAR]], [7, 6, 6]),
}


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
@pytest.mark.parametrize("kind", LOOKUPS)
def test_a_lookup_beside_the_table_ends_nothing(
    tmp_path: Path, kind: str, dtype: type, capfd: pytest.CaptureFixture[str]
) -> None:
    attributes, indices, expected = LOOKUPS[kind]
    table, places, want = np.arange(8, dtype=dtype).reshape(4, 2), np.array(indices), np.array(expected, dtype)
    if kind == "Gather" and dtype == np.float32:
        want[3:] = np.nan
    number = helper.np_dtype_to_tensor_dtype(table.dtype)
    given = helper.make_tensor_value_info("places", TensorProto.INT64, ["batch", *places.shape[1:]])
    found = helper.make_tensor_value_info("found", number, ["batch", *want.shape[1:]])
    nodes = [helper.make_node(kind, ["table", "places"], ["found"], **attributes)]
    path = saved(tmp_path / "lookup.onnx", nodes, [given], [found], {"table": table})
    with Engine(path, target="cpu", batch_size=len(places)) as engine:
        np.testing.assert_array_equal(engine(places), want)
    assert capfd.readouterr().err == ""  # TVM warns of lookups that it does not check


def scaled(path: Path, size: tuple[int, int], scale: float, **attributes: Any) -> Path:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 1, *size])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 1, "height", "width"])
    node = helper.make_node("Resize", ["x", "", "scales"], ["y"], name="up", **attributes)
    return saved(path, [node], [x], [y], {"scales": np.array([1, 1, scale, scale], np.float32)}, 18)


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("scale", [2.0, 1.5, 0.5])
def test_pictures_are_scaled_as_onnx_says_or_not_at_all(tmp_path: Path, mode: str, scale: float) -> None:
    """A broken number of pixels is rounded, and the pixels' places with it; where the number is whole, all is well."""
    x = np.random.default_rng(0).standard_normal((2, 1, 8, 6), np.float32)
    path = scaled(tmp_path / "even.onnx", (8, 6), scale, mode=mode)
    with Engine(path, target="cpu", batch_size=2) as engine, Engine(path) as reference:
        np.testing.assert_allclose(engine(x), reference(x), atol=1e-5)
    path = scaled(tmp_path / "odd.onnx", (7, 6), scale, mode=mode)
    if scale == 2:
        Engine(path, target="cpu", batch_size=2).release()
        return
    with pytest.raises(ModelFileError, match=r"Resize 'up' scales \[2, 1, 7, 6\] by .* to no whole number of pixels"):
        Engine(path, target="cpu", batch_size=2)


def test_scaling_by_sizes_alone_takes_any_number(tmp_path: Path) -> None:
    x = np.random.default_rng(0).standard_normal((1, 1, 7, 5), np.float32)
    path = scaled(tmp_path / "m.onnx", (7, 5), 1.5, mode="linear", coordinate_transformation_mode="align_corners")
    with Engine(path, target="cpu", batch_size=1) as engine, Engine(path) as reference:
        np.testing.assert_allclose(engine(x), reference(x), atol=1e-5)


@pytest.mark.parametrize("target", ["cpu", "openvino"])
def test_antialias_is_refused(tmp_path: Path, target: str) -> None:
    path = scaled(tmp_path / "m.onnx", (8, 6), 0.5, mode="linear", antialias=1)
    with pytest.raises(ModelFileError, match=r"computes Resize \w+ \(antialias\) otherwise than ONNX says"):
        Engine(path, target=target, batch_size=1)


@pytest.mark.parametrize(
    ("opset", "said", "taken"),
    [
        (16, {"spatial_scale": 0.8}, False),
        (16, {"spatial_scale": 0.8, "coordinate_transformation_mode": "half_pixel"}, False),
        (16, {"spatial_scale": 0.8, "coordinate_transformation_mode": "output_half_pixel"}, True),
        (16, {}, True),
        (11, {"spatial_scale": 0.8}, True),
    ],
)
def test_boxes_are_cut_out_as_onnx_says_or_not_at_all(
    tmp_path: Path, opset: int, said: dict[str, Any], taken: bool
) -> None:
    shapes = {"x": [1, 2, 5, 6], "boxes": [2, 4], "y": [2, 2, 2, 3]}
    x, boxes, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items())
    node = helper.make_node(
        "RoiAlign", ["x", "boxes", "rows"], ["y"], output_height=2, output_width=3, sampling_ratio=2, **said
    )
    path = saved(tmp_path / "m.onnx", [node], [x, boxes], [y], {"rows": np.zeros(2, np.int64)}, opset)
    sizes = [shapes["x"], shapes["boxes"]]
    if not taken:
        with pytest.raises(ModelFileError, match=r"computes RoiAlign \(half pixels with a spatial_scale\) otherwise"):
            Engine(path, target="cpu", batch_size=1, input_size=sizes)
        return
    given = [np.random.default_rng(0).standard_normal(shapes["x"]).astype(np.float32)]
    given.append(np.array([[0, 0, 4, 4], [1, 1, 3, 2.5]], np.float32))
    with Engine(path, target="cpu", batch_size=1, input_size=sizes) as engine, Engine(path) as reference:
        np.testing.assert_allclose(engine(given), reference(given), atol=1e-5)
