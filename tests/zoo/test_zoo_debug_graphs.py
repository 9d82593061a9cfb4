"""zoo debug on graphs of every kind: other names, branches, loops, operators of ONNX Runtime alone, whole numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.errors import ModelFileError
from zoo.commands import debug
from zoo.errors import ZooError
from zoo.family import Family
from zoo.layers.compare import Compared, compare
from zoo.layers.sources import FileSource, counterparts
from zoo.layers.taps import Graph
from zoo.manifest import Exported
from zoo.model import Model
from zoo.running.setting import Setting

_ARRAY = np.random.default_rng(3).random((2, 4), np.float32)


def _value(name: str, kind: int = TensorProto.FLOAT, shape: Any = ("n", 4)) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def _model(nodes: list[Any], outputs: list[Any], **weights: Any) -> Any:
    graph = helper.make_graph(
        nodes,
        "graph",
        [_value("x")],
        outputs,
        [numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in weights.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def _chain(scale: float, name: str = "t", operator: str = "Relu", listed: bool = False) -> Any:
    """Four nodes, the second of which multiplies by `scale`; tensors are called after `name`."""
    nodes = [
        helper.make_node("Neg", ["x"], [f"{name}0"], name="first"),
        helper.make_node("Mul", [f"{name}0", "w"], [f"{name}1"], name="second"),
        helper.make_node(operator, [f"{name}1"], [f"{name}2"], name="third"),
        helper.make_node("Exp", [f"{name}2"], [f"{name}3"], name="fourth"),
    ]
    model = _model(nodes, [_value(f"{name}3")], w=scale)
    if listed:
        model.graph.input.append(_value("w", shape=()))
    return model


def _if(scale: float, before: float = 1.0) -> Any:
    """A branch that multiplies what it takes from outside by `scale`."""
    branches = [
        helper.make_graph(
            [
                helper.make_node("Constant", [], [f"c{one}"], value_float=factor),
                helper.make_node("Mul", ["t1", f"c{one}"], [f"b{one}"]),
            ],
            one,
            [],
            [_value(f"b{one}", shape=None)],
        )
        for one, factor in (("then", scale), ("else", 1.0))
    ]
    nodes = [
        helper.make_node("Mul", ["x", "w"], ["t1"], name="first"),
        helper.make_node("ReduceMax", ["x"], ["most"], name="most", keepdims=0),
        helper.make_node("Less", ["zero", "most"], ["positive"], name="asked"),
        helper.make_node("If", ["positive"], ["t2"], name="second", then_branch=branches[0], else_branch=branches[1]),
        helper.make_node("Neg", ["t2"], ["y"], name="third"),
    ]
    return _model(nodes, [_value("y")], w=before, zero=-1.0)


def _loop(scale: float) -> Any:
    """A body that multiplies by `scale`, of which no shape is known."""
    body = helper.make_graph(
        [
            helper.make_node("Constant", [], ["c"], value_float=scale),
            helper.make_node("Mul", ["given", "c"], ["made"]),
            helper.make_node("Identity", ["go"], ["on"]),
        ],
        "body",
        [_value("round", TensorProto.INT64, []), _value("go", TensorProto.BOOL, []), _value("given", shape=None)],
        [_value("on", TensorProto.BOOL, []), _value("made", shape=None)],
    )
    nodes = [
        helper.make_node("Constant", [], ["times"], value_int=3),
        helper.make_node("Neg", ["x"], ["t1"], name="first"),
        helper.make_node("Loop", ["times", "", "t1"], ["t2"], name="second", body=body),
        helper.make_node("Neg", ["t2"], ["y"], name="third"),
    ]
    return _model(nodes, [_value("y")])


def _foreign(scale: float) -> Any:
    """Behind an operator of ONNX Runtime's own, of whose result onnx's inference does not know the type."""
    nodes = [
        helper.make_node("Gelu", ["x"], ["t1"], name="first", domain="com.microsoft"),
        helper.make_node("Mul", ["t1", "w"], ["t2"], name="second"),
        helper.make_node("Neg", ["t2"], ["y"], name="third"),
    ]
    return _model(nodes, [_value("y")], w=scale)


def _label(scale: float) -> Any:
    """Whole numbers at the end, and nothing else that differs."""
    operator = "ArgMax" if scale == 1.0 else "ArgMin"
    nodes = [
        helper.make_node("Neg", ["x"], ["t1"], name="first"),
        helper.make_node(operator, ["t1"], ["y"], name="second", axis=1, keepdims=0),
    ]
    return _model(nodes, [_value("y", TensorProto.INT64, ["n"])])


Compare = Callable[[Any, Any], Compared]


@pytest.fixture
def compared(lenet: Model, tmp_path: Path) -> Compare:
    """What is said of a graph beside another."""

    def done(reference: Any, contender: Any) -> Compared:
        graphs = []
        for number, model in enumerate((reference, contender)):
            onnx.save(model, tmp_path / f"{number}.onnx")
            graphs.append(Graph(tmp_path / f"{number}.onnx", [_ARRAY.shape]))
        setting = Setting(lenet, target="onnx")
        names = counterparts(graphs[1], graphs[0])
        sources = FileSource(setting, graphs[0], [_ARRAY], names), FileSource(setting, graphs[1], [_ARRAY])
        return compare("", *sources, graphs[1], "float32")

    return done


@pytest.mark.parametrize(
    ("reference", "contender"),
    [
        pytest.param(_chain(1.0), _chain(1.5), id="a weight"),
        pytest.param(_chain(1.0), _chain(1.5, "other"), id="other names of tensors"),
        pytest.param(_chain(1.0), _chain(1.5, "other", "Sigmoid"), id="another operator besides"),
        pytest.param(_chain(1.0), _chain(1.5, listed=True), id="weights among the inputs"),
        pytest.param(_if(1.0), _if(1.5), id="in a branch"),
        pytest.param(_loop(1.0), _loop(1.5), id="in a loop"),
        pytest.param(_foreign(1.0), _foreign(1.5), id="behind a foreign operator"),
        pytest.param(_label(1.0), _label(1.5), id="whole numbers"),
    ],
)
def test_the_node_that_was_changed_is_named(compared: Compare, reference: Any, contender: Any) -> None:
    done = compared(reference, contender)
    assert done.first is not None
    assert done.first.node == "second"
    assert done.missing == 0
    assert compared(reference, reference).first is None


def test_a_branch_does_not_add_what_it_takes_from_outside(compared: Compare) -> None:
    done = compared(_if(1.0), _if(1.0, before=1.5))
    assert done.first is not None
    assert done.first.node == "first"
    assert [layer.added for layer in done.layers if layer.node == "second"] == [pytest.approx(0, abs=1e-6)]


def test_nodes_that_were_not_compared_are_named_beside_the_first(compared: Compare) -> None:
    """Whose tensors have another name, or hold truth values: one of them may be what differs."""
    other = _chain(1.5, "other")
    del other.graph.node[2].input[:]  # wired otherwise, so that only names and outputs say what stands for what
    other.graph.node[2].input.append("other0")
    other.graph.node[3].input[0] = "other1"
    done = compared(_chain(1.0), other)
    assert done.first is not None
    assert done.first.node == "fourth"
    assert done.unseen == ["Neg first", "Mul second"]


def test_nothing_in_common_is_no_agreement(compared: Compare) -> None:
    two = _chain(1.0, "other")
    two.graph.output.append(_value("other0"))
    two.graph.node.append(helper.make_node("Neg", ["x"], ["more"]))
    with pytest.raises(ZooError, match=r"1\.onnx: none of its 5 tensors has the name of one of onnx float32"):
        compared(_chain(1.0), two)


@pytest.mark.parametrize(("also", "first"), [(0.0, None), (1.0, "second")])
def test_what_is_not_finite_in_both_counts_as_equal(compared: Compare, also: float, first: str | None) -> None:
    nodes = [
        helper.make_node("Neg", ["x"], ["t1"], name="first"),
        helper.make_node("Add", ["t1", "w"], ["y"], name="second"),
    ]
    models = [_model(nodes, [_value("y")], w=[np.nan, np.inf, off, 0.0]) for off in (0.0, also)]
    done = compared(*models)
    assert (done.first.node if done.first else None) == first
    assert all(np.isfinite(layer.high) and np.isfinite(layer.relative) for layer in done.layers)


def test_what_helps_against_float16_is_said_of_float16_alone(compared: Compare) -> None:
    layer = compared(_chain(1e6), _chain(2e6)).first
    assert layer is not None
    assert layer.helps("float32").startswith("another result for the same inputs")
    assert "beyond float16" in layer.helps("float16")


def test_a_file_that_does_not_open_is_named(compared: Compare) -> None:
    """Not the part of it that was cut out."""
    odd = _chain(1.0)
    for value in (*odd.graph.input, *odd.graph.output):
        value.type.tensor_type.elem_type = TensorProto.INT64  # which no Exp takes
    odd.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.int64(1), "w"))
    with pytest.raises(ModelFileError, match=r"1\.onnx .*is not a (usable )?(ONNX )?model"):
        compared(_chain(1.0), odd)


@pytest.mark.parametrize("word", ["--ckpt", "--against"])
def test_a_file_of_another_network_is_refused(
    lenet_family: Family, lenet_export: Exported, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    onnx.save(_chain(1.0), tmp_path / "other.onnx")
    words = ["--folder", str(lenet_export.dynamic.parent), word, str(tmp_path / "other.onnx")]
    assert debug.main(lenet_family, [*words, *(["--dtype", "float16"] if word == "--against" else [])]) == 2
    said = capsys.readouterr().err
    assert "other.onnx is a file of another network: it takes inputs of [['n', 4]], and this one is given" in said


@pytest.mark.parametrize("words", ["--dtype float16 --fix made.onnx", "--target openvino --fix made.onnx"])
def test_fix_says_where_it_writes_nothing(
    lenet_family: Family,
    lenet_export: Exported,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Before anything is compared, where the target or the name is wrong."""
    monkeypatch.chdir(tmp_path)
    wrong = "openvino" in words
    assert debug.main(lenet_family, ["--folder", str(lenet_export.dynamic.parent), *words.split()]) == 2 * wrong
    said = capsys.readouterr()
    assert ("there is nothing to mend: made.onnx was not written" in said.out) != wrong
    assert ("tensors compared" in said.out) != wrong
    assert not Path("made.onnx").exists()


def test_fix_leaves_the_float32_file(
    lenet_family: Family, lenet_export: Exported, capsys: pytest.CaptureFixture[str]
) -> None:
    before = lenet_export.dynamic.read_bytes()
    words = ["--folder", str(lenet_export.dynamic.parent), "--dtype", "float16", "--fix", str(lenet_export.dynamic)]
    assert debug.main(lenet_family, words) == 2
    assert "that is the float32 file that is rounded; give another name" in capsys.readouterr().err
    assert lenet_export.dynamic.read_bytes() == before
