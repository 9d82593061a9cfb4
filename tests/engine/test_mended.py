"""Graphs that ONNX Runtime takes and onnx's checker does not run on targets that compile too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine import backends
from engine.backends.compiling.mended import mended
from engine.backends.compiling.onnx_file import read_onnx
from engine.base import Engine, ModelFileError

TARGETS = ["onnx", "cpu", "openvino"]


def graph(**changes: Any) -> Any:
    """y = relu(x + w) - w, in order and valid."""
    value, weight = helper.make_tensor_value_info, np.arange(3, dtype=np.float32)
    nodes = [
        helper.make_node("Add", ["x", "w"], ["sum"]),
        helper.make_node("Relu", ["sum"], ["positive"]),
        helper.make_node("Sub", ["positive", "w"], ["y"]),
    ]
    made = helper.make_graph(
        nodes,
        "small",
        [value("x", TensorProto.FLOAT, ["batch", 3])],
        [value("y", TensorProto.FLOAT, ["batch", 3])],
        [numpy_helper.from_array(weight, "w")],
    )
    return helper.make_model(made, ir_version=8, opset_imports=[helper.make_opsetid("", 13)], **changes)


def unordered() -> Any:
    made = graph()
    nodes = list(made.graph.node)[::-1]
    copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del made.graph.node[:]
    made.graph.node.extend(copies)
    return made


def unlisted() -> Any:
    made = graph()
    made.ir_version = 3
    made.opset_import[0].version = 8
    return made


def shapeless() -> Any:
    made = graph()
    made.graph.output[0].type.tensor_type.ClearField("shape")
    return made


ODD = {"nodes in no order": unordered, "weights that are not listed": unlisted, "an output without shape": shapeless}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kind", ODD)
def test_they_run(tmp_path: Path, kind: str, target: str) -> None:
    if not backends.targets()[target].availability().usable:
        pytest.skip(f"no {target}")
    path = tmp_path / "small.onnx"
    path.write_bytes(ODD[kind]().SerializeToString())
    x = np.array([[-3, 1, 2], [4, -5, 6]], np.float32)
    weight = np.arange(3, dtype=np.float32)
    with Engine(path, target=target, batch_size=2, input_size=[[2, 3]]) as engine:
        np.testing.assert_allclose(engine(x), np.maximum(x + weight, 0) - weight)


def test_what_is_valid_stays_as_it_is() -> None:
    made = graph()
    before = made.SerializeToString()
    assert not mended(made)
    assert made.SerializeToString() == before


def test_nodes_in_branches_come_into_order_and_behind_what_they_take() -> None:
    value = helper.make_tensor_value_info
    inner = [helper.make_node("Relu", ["sum2"], ["out"]), helper.make_node("Neg", ["sum"], ["sum2"])]
    then = helper.make_graph(inner, "then", [], [value("out", TensorProto.FLOAT, ["batch", 3])])
    other = helper.make_graph(
        [helper.make_node("Identity", ["sum"], ["same"])], "else", [], [value("same", TensorProto.FLOAT, ["batch", 3])]
    )
    made = graph()
    (add, *_) = made.graph.node
    branch = helper.make_node("If", ["known"], ["y"], then_branch=then, else_branch=other)
    copy = type(add).FromString(add.SerializeToString())
    del made.graph.node[:]
    made.graph.node.extend([branch, copy])
    made.graph.initializer.append(numpy_helper.from_array(np.array(True), "known"))
    assert mended(made)
    assert [node.op_type for node in made.graph.node] == ["Add", "If"]
    (then,) = (one.g for one in made.graph.node[1].attribute if one.name == "then_branch")
    assert [node.op_type for node in then.node] == ["Neg", "Relu"]
    onnx.checker.check_model(made)


def test_a_circle_is_no_graph(tmp_path: Path) -> None:
    made = graph()
    made.graph.node[0].input[1] = "positive"
    path = tmp_path / "circle.onnx"
    path.write_bytes(made.SerializeToString())
    with pytest.raises(ModelFileError, match="is not a usable ONNX model"):
        read_onnx(path)
