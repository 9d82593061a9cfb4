"""LSTMs written out give what the operator gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.backends.compiling.unroll import lstms_unrolled

STEPS, ROWS, INPUTS, HIDDEN = 5, 3, 4, 6


def lstm(
    direction: str = "forward",
    bias: bool = True,
    initial: bool = True,
    opset: int = 17,
    outputs: tuple[str, ...] = ("y", "h", "c"),
    **more: Any,
) -> Any:
    """A model with a dynamic number of steps and rows, and one LSTM."""
    random = np.random.default_rng(0)
    directions = 2 if direction == "bidirectional" else 1
    weights = {
        "w": random.normal(size=(directions, 4 * HIDDEN, INPUTS)),
        "r": random.normal(size=(directions, 4 * HIDDEN, HIDDEN)),
        "b": random.normal(size=(directions, 8 * HIDDEN)),
        "h0": random.normal(size=(directions, ROWS, HIDDEN)),
        "c0": random.normal(size=(directions, ROWS, HIDDEN)),
    }
    inputs = ["x", "w", "r", "b" if bias else "", "", *(["h0", "c0"] if initial else [])]
    node = helper.make_node("LSTM", inputs, list(outputs), hidden_size=HIDDEN, direction=direction, **more)
    tensors = [numpy_helper.from_array(array.astype(np.float32), name) for name, array in weights.items()]
    shapes = [["steps", directions, "rows", HIDDEN], *[[directions, "rows", HIDDEN]] * 2]
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in zip(outputs, shapes, strict=False)
        if name
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["steps", "rows", INPUTS])
    graph = helper.make_graph([node], "net", [x], values, tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def run(model: Any) -> list[np.ndarray]:
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    x = np.random.default_rng(1).normal(size=(STEPS, ROWS, INPUTS)).astype(np.float32)
    return session.run(None, {"x": x})


def unrolled(model: Any) -> Any:
    return lstms_unrolled(model, {"x": [STEPS, ROWS, INPUTS]})


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"bias": False},
        {"initial": False},
        {"opset": 12},
        {"outputs": ("", "h")},
        {"layout": 0, "input_forget": 0},
        {"outputs": ("lstm_MatMul0", "lstm_constant0")},
    ],
)
def test_as_the_operator(direction: str, given: dict[str, Any]) -> None:
    model = lstm(direction, **given)
    kept = model.SerializeToString()
    made = unrolled(model)
    assert model.SerializeToString() == kept
    assert "LSTM" not in {node.op_type for node in made.graph.node}
    for want, got in zip(run(model), run(made), strict=True):
        np.testing.assert_allclose(got, want, atol=1e-6)


def test_constants_and_an_input_that_is_an_output() -> None:
    model = lstm()
    made = [helper.make_node("Constant", [], [one.name], value=one) for one in model.graph.initializer]
    nodes = [*made, helper.make_node("Relu", ["x"], ["positive"]), *model.graph.node]
    nodes[-1].input[0] = "positive"
    model.graph.output.append(helper.make_tensor_value_info("positive", TensorProto.FLOAT, ["steps", "rows", INPUTS]))
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(nodes)
    written = unrolled(model)
    assert "LSTM" not in {node.op_type for node in written.graph.node}
    for want, got in zip(run(model), run(written), strict=True):
        np.testing.assert_allclose(got, want, atol=1e-6)


@pytest.mark.parametrize("given", [{"clip": 1.0}, {"activations": ["Sigmoid", "Tanh", "Relu"]}, {"opset": 9}])
def test_what_it_does_not_know_stays(given: dict[str, Any]) -> None:
    made = unrolled(lstm(**given))
    assert [node.op_type for node in made.graph.node] == ["LSTM"]


def test_so_does_an_unknown_number_of_steps() -> None:
    made = lstms_unrolled(lstm(), {})
    assert [node.op_type for node in made.graph.node] == ["LSTM"]
