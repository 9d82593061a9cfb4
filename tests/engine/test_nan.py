"""NaN within a network: which operators of which target take it for a number is known, and said where it matters."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine import backends
from engine.backends.compiling.known import NAN_IS_LOST
from engine.backends.compiling.not_a_number import unsound_weights
from engine.base import Engine, ModelFileError
from zoo.accuracy.verify import _say_where_nan_is_lost
from zoo.difference import Spread
from zoo.errors import CheckFailedError

_ATTRIBUTES = {"MaxPool": {"kernel_shape": [2, 2]}, "ReduceMax": {"axes": [2]}, "ReduceMin": {"axes": [2]}}
_MORE = {"Add": ["low"], "Clip": ["low", "high"], "Max": ["low"], "Min": ["low"]}
_SOUND = ("Add", "GlobalAveragePool", "LeakyRelu", "ReduceMean", "Sigmoid", "Tanh")  # on every target


def _graph(path: Path, operators: list[str]) -> Path:
    """Each of the operators, on the one input, as an output of its own name."""
    nodes = [
        helper.make_node(
            one, ["x", *_MORE.get(one, ["low"] if one == "Add" else [])], [one], **_ATTRIBUTES.get(one, {})
        )
        for one in operators
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 2, 4, 5])
    outputs = [helper.make_tensor_value_info(one, TensorProto.FLOAT, None) for one in operators]
    weights = [numpy_helper.from_array(np.array(value, np.float32), name) for name, value in (("low", -1), ("high", 1))]
    graph = helper.make_graph(nodes, "g", [x], outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(onnx.shape_inference.infer_shapes(model), path)
    return path


def _require_usable(target: str) -> None:
    state = backends.targets()[target].availability()
    if not state.usable:
        pytest.skip(f"{target}: {state.detail}")


@pytest.mark.parametrize("target", ["onnx", "openvino", "cpu"])
def test_nan_is_lost_nowhere_but_in_operators_of_the_list(tmp_path: Path, target: str) -> None:
    _require_usable(target)
    operators = sorted({*_SOUND, *(name for names in NAN_IS_LOST.values() for name in names)})
    x = np.random.default_rng(0).standard_normal((2, 2, 4, 5)).astype(np.float32)
    x[0, 1, 2, 3] = np.nan
    with Engine(_graph(tmp_path / "all.onnx", operators), target=target, batch_size=2) as engine:
        found = dict(zip([spec.name for spec in engine.outputs], engine(x), strict=True))
    lost = {name for name, array in found.items() if not np.isnan(array).any()}
    assert lost <= set(NAN_IS_LOST[target])  # where NaN lies, and the processor, decide about some of them
    assert lost >= ({"Relu", "Clip"} if target != "onnx" else set())


def test_verify_says_so_where_the_network_gives_nan(caplog: pytest.LogCaptureFixture) -> None:
    contenders = [SimpleNamespace(runtime=name) for name in ("torch", "onnx", "openvino:CPU", "openvino")]
    with caplog.at_level(logging.WARNING):
        _say_where_nan_is_lost(contenders)  # type: ignore[arg-type]
    assert [record.message[:29] for record in caplog.records] == [
        "target 'onnx' may take NaN fo",
        "target 'openvino' may take Na",
    ]


def test_nan_of_an_earlier_size_is_not_forgotten() -> None:
    """Outputs of another size begin anew what is kept of them."""
    spread = Spread()
    spread.add([np.array([[1.0, np.nan], [2.0, 3.0]])])
    spread.add([np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])])
    with pytest.raises(CheckFailedError, match="the network gives NaN"):
        spread.require_alive()


@pytest.mark.parametrize(
    ("mode", "pads", "refused"),
    [
        ("wrap", [0, 0, -1, 2], True),
        ("wrap", [1, 0, 0, 2], False),
        ("edge", [0, 0, -1, 2], False),
        ("wrap", None, True),
    ],
)
def test_tvm_wraps_what_is_not_cut(tmp_path: Path, mode: str, pads: list[int] | None, refused: bool) -> None:
    _require_usable("cpu")
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 5])]
    if pads is None:
        inputs.append(helper.make_tensor_value_info("pads", TensorProto.INT64, [4]))
    weights = [] if pads is None else [numpy_helper.from_array(np.array(pads), "pads")]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", "columns"])
    graph = helper.make_graph(
        [helper.make_node("Pad", ["x", "pads"], ["y"], mode=mode)], "g", inputs, [output], weights
    )
    path = tmp_path / "pad.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9), path)
    x = np.arange(10, dtype=np.float32).reshape(2, 5)
    if refused:
        with pytest.raises(ModelFileError, match=r"computes Pad \(mode wrap with negative pads\) otherwise"):
            Engine(path, target="cpu", batch_first=False, input_size=[[2, 5], [4]] if pads is None else None)
        return
    with Engine(path, target="onnx", batch_first=False) as engine:
        wanted = engine(x)
    with Engine(path, target="cpu", batch_first=False) as engine:
        assert np.array_equal(engine(x), wanted)


def _convolution(path: Path, weight: float, how: str) -> Path:
    """A convolution and a Relu, behind which NaN is a number with some runtimes; one of the weights is `weight`."""
    kernel = np.full((2, 2, 1, 1), 0.5, np.float32)
    kernel[1, 0] = weight
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 2, 4, 5]) for name in "xy")
    nodes = [helper.make_node("Conv", ["x", "kernel"], ["c"]), helper.make_node("Relu", ["c"], ["y"])]
    weights = [numpy_helper.from_array(kernel, "kernel")]
    if how == "a constant":
        nodes, weights = [helper.make_node("Constant", [], ["kernel"], value=weights[0]), *nodes], []
    model = helper.make_model(
        helper.make_graph(nodes, "g", [x], [y], weights),
        opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
    )  # fmt: skip
    external = how == "another file"
    onnx.save(model, path, save_as_external_data=external, location="weights.bin", size_threshold=0)
    return path


@pytest.mark.parametrize("target", ["openvino", "cpu"])
@pytest.mark.parametrize("how", ["an initialiser", "a constant", "another file"])
@pytest.mark.parametrize("weight", [np.nan, np.inf, 0.25])
def test_weights_that_hold_nan_are_said_at_each_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, target: str, how: str, weight: float
) -> None:
    """These targets alone give numbers for such a network, and the second start reads no weights."""
    _require_usable(target)
    if target == "cpu" and (how != "an initialiser" or weight == np.inf):
        pytest.skip("what is looked for is the same on each target")
    path = _convolution(tmp_path / "net.onnx", weight, how)
    for _ in range(2):
        caplog.clear()
        with caplog.at_level(logging.WARNING), Engine(path, target=target) as engine:
            assert np.isfinite(engine(np.ones((1, 2, 4, 5), np.float32))).all() or np.isinf(weight)
        said = [
            record.message for record in caplog.records if "weights hold NaN or infinity (kernel)" in record.message
        ]
        assert len(said) == (0 if weight == 0.25 else 1)
        assert f"target '{target}' may take NaN for a number" in "".join(said) or not said


def test_infinity_in_a_mask_and_nan_in_text_are_nothing(tmp_path: Path) -> None:
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 3]) for name in "xy")
    weights = [
        numpy_helper.from_array(np.array([0, -np.inf, 0], np.float32), "mask"),
        numpy_helper.from_array(np.array(["nan"], object), "words"),
        helper.make_tensor("small", TensorProto.BFLOAT16, [2], [1.0, float("nan")]),
    ]
    graph = helper.make_graph([helper.make_node("Add", ["x", "mask"], ["y"])], "g", [x], [y], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "a.onnx")
    assert unsound_weights(tmp_path / "a.onnx") == ["small"]


def test_nan_in_openvinos_own_form_is_said(tmp_path: Path) -> None:
    _require_usable("openvino")
    import openvino

    for weight in (np.nan, 0.25):
        network = openvino.convert_model(_convolution(tmp_path / "net.onnx", weight, "an initialiser"))
        openvino.save_model(network, tmp_path / "net.xml", compress_to_fp16=False)
        assert bool(unsound_weights(tmp_path / "net.xml")) == (weight != 0.25)
