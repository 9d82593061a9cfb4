"""A float16 graph computed in float32: the same inputs and outputs, nothing of float16 between them."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.backends.compiling.half import computed_in_float32

HALF = TensorProto.FLOAT16


def model_of(nodes: list[Any], inputs: list[Any], outputs: list[Any], weights: dict[str, np.ndarray]) -> Any:
    tensors = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph(nodes, "net", inputs, outputs, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def half(name: str, *shape: int | str) -> Any:
    return helper.make_tensor_value_info(name, HALF, shape)


def run(model: Any, **arrays: np.ndarray) -> list[np.ndarray]:
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, arrays)


def types_between(model: Any) -> set[int]:
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    return {value.type.tensor_type.elem_type for value in inferred.value_info} | {
        tensor.data_type for tensor in inferred.initializer
    }


def test_nothing_of_float16_is_left_between_inputs_and_outputs() -> None:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["sums"]), helper.make_node("Add", ["sums", "less"], ["y"])]
    weights = {"w": np.ones((5, 1), np.float16), "less": np.array(-4, np.float16)}
    model = model_of(nodes, [half("x", "batch", 5)], [half("y", "batch", 1)], weights)
    model.graph.value_info.append(half("sums", "batch", 1))
    kept = model.SerializeToString()
    made = computed_in_float32(model)
    assert model.SerializeToString() == kept
    assert types_between(made) == {TensorProto.FLOAT}
    (y,) = run(made, x=np.ones((3, 5), np.float16))
    assert y.dtype == np.float16
    assert y.tolist() == [[1.0]] * 3


@pytest.mark.parametrize("kind", ["node", "weight"])
def test_a_name_that_is_taken_is_left_alone(kind: str) -> None:
    """The tensor x_float32 is the graph's own."""
    first = [helper.make_node("Add", ["x", "x"], ["x_float32"])] if kind == "node" else []
    weights = {} if first else {"x_float32": np.array([5, 6], np.float16)}
    nodes = [*first, helper.make_node("Mul", ["x_float32", "x"], ["y"])]
    model = model_of(nodes, [half("x", 2)], [half("y", 2)], weights)
    (y,) = run(computed_in_float32(model), x=np.array([1, 2], np.float16))
    assert y.tolist() == ([2.0, 8.0] if kind == "node" else [5.0, 12.0])


def test_casts_constants_and_branches() -> None:
    """Integers become numbers by a cast, a branch uses a tensor from outside, and an output is used within, too."""
    branch = [
        helper.make_graph([helper.make_node(kind, ["x", "y"], [f"{kind}_out"])], kind, [], [half(f"{kind}_out", 2)])
        for kind in ("Add", "Mul")
    ]
    nodes = [
        helper.make_node("Constant", [], ["two"], value=numpy_helper.from_array(np.array(2, np.float16))),
        helper.make_node("Cast", ["counts"], ["numbers"], to=HALF),
        helper.make_node("Mul", ["numbers", "two"], ["y"]),
        helper.make_node("If", ["adds"], ["z"], then_branch=branch[0], else_branch=branch[1]),
    ]
    inputs = [
        half("x", 2),
        helper.make_tensor_value_info("counts", TensorProto.INT64, [2]),
        helper.make_tensor_value_info("adds", TensorProto.BOOL, []),
    ]
    model = model_of(nodes, inputs, [half("y", 2), half("z", 2)], {})
    made = computed_in_float32(model)
    given = {"x": np.array([0.5, 1.5], np.float16), "counts": np.array([3, 4])}
    for adds in (True, False):
        want = run(model, **given, adds=np.array(adds))
        got = run(made, **given, adds=np.array(adds))
        assert [array.dtype for array in got] == [np.float16, np.float16]
        for one, other in zip(want, got, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", ["weight", "input"])
def test_what_goes_straight_to_the_output(kind: str) -> None:
    weights = {"w": np.array([1.5, 2.5], np.float16)}
    nodes = [helper.make_node("Identity", ["w" if kind == "weight" else "x"], ["y"])]
    model = model_of(nodes, [half("x", 2)], [half("y", 2)], weights)
    (y,) = run(computed_in_float32(model), x=np.array([3.5, 4.5], np.float16))
    assert y.dtype == np.float16
    assert y.tolist() == ([1.5, 2.5] if kind == "weight" else [3.5, 4.5])


def test_a_float32_graph_stays_as_it_is() -> None:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])
    nodes = [helper.make_node("Relu", ["x"], ["z"]), helper.make_node("Neg", ["z"], ["y"])]
    model = model_of(nodes, [value], [out], {})
    model.graph.value_info.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, [2]))
    assert computed_in_float32(model) == model
