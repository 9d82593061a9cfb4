"""Nodes that come from PaddlePaddle are named after sublayers, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

from engine.frontends.paddle_names import _of, name_nodes

_PARAMETERS = {"conv2d_0.w_0": "stem.conv", "linear_0.b_0": "head"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A graph as paddle2onnx writes it: a step of its own before what the program names, and an output at the end."""
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "conv2d_0.w_0"], ["p2o.pd_op.conv2d.0.0"], name="Conv.0"),
        node("Relu", ["p2o.pd_op.conv2d.0.0"], ["Relu.1"], name="Relu.0"),
        node("Identity", ["Relu.1"], ["p2o.pd_op.relu.0.0"], name="Identity.0"),
        node("Relu", ["p2o.pd_op.relu.0.0"], ["p2o.pd_op.relu.1.0"], name="Relu.2"),
        node("Add", ["p2o.pd_op.relu.1.0", "linear_0.b_0"], ["fetch_name_0"], name="Add.0"),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "net", [value("x", TensorProto.FLOAT, None)], [value("fetch_name_0", TensorProto.FLOAT, None)]
    )
    onnx.save(helper.make_model(graph), tmp_path / "net.onnx")
    return tmp_path / "net.onnx"


def _names(path: Path) -> list[str]:
    return [node.name for node in onnx.load(path).graph.node]


def test_every_step_has_the_name_of_its_sublayer(path: Path) -> None:
    """What stands in no sublayer keeps its name; what gives an output is known by its weight."""
    made = {("pd_op.conv2d", 0): ("stem.conv", 0), ("pd_op.relu", 0): ("stem", 1)}
    name_nodes(path, made, _PARAMETERS)
    assert _names(path) == ["/stem.conv/Conv", "/stem_1/Relu", "/stem_1/Identity", "Relu.2", "/head/Add"]


def test_nothing_is_named_where_a_weight_contradicts(path: Path) -> None:
    name_nodes(path, {("pd_op.conv2d", 0): ("another", 0), ("pd_op.relu", 0): ("stem", 0)}, _PARAMETERS)
    assert _names(path) == ["Conv.0", "Relu.0", "Identity.0", "Relu.2", "Add.0"]


def _operators(kinds: Sequence[str]) -> list[Any]:
    return [SimpleNamespace(name=lambda kind=kind: kind) for kind in kinds]


def test_operators_belong_to_the_innermost_sublayer() -> None:
    """Of which the inner one ends first; and to the call of it."""
    made = _of(_operators(["relu", "conv", "relu", "conv", "relu"]), [(("block.conv", 0), 1, 2), (("block", 2), 1, 4)])
    assert made == {("conv", 0): ("block.conv", 0), ("relu", 1): ("block", 2), ("conv", 1): ("block", 2)}
