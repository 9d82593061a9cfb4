"""int8 as the runtime computes it: what is fused, masks that stay masks, and the same on every target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine import backends
from engine.backends.base import Options
from engine.backends.compiling.overflow import overflows
from engine.base import Engine
from zoo.exporting.int8 import METHODS, Quantiser

_RANDOM = np.random.default_rng(0)


def _network(path: Path, nodes: list[Any], constants: dict[str, np.ndarray], shape: list[Any], output: Any) -> Path:
    values = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
    given = [helper.make_tensor_value_info("y", TensorProto.FLOAT, output)]
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "network", values, given, tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.fixture(scope="module")
def residual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four convolutions, one of them around an addition and one of them before a concatenation, and four kinds of
    activation."""

    def weights(outputs: int, inputs: int, size: int) -> np.ndarray:
        return (_RANDOM.standard_normal((outputs, inputs, size, size)) / (size * inputs**0.5)).astype(np.float32)

    constants = {"a.w": weights(8, 3, 3), "b.w": weights(8, 8, 3), "c.w": weights(8, 8, 1), "d.w": weights(8, 16, 1)}
    constants |= {"low": np.array(0, np.float32), "high": np.array(6, np.float32)}
    constants["fc.w"] = _RANDOM.standard_normal((8, 4)).astype(np.float32)
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "a.w"], ["a"], name="a", pads=[1, 1, 1, 1]),
        node("Relu", ["a"], ["a.relu"], name="a.relu"),
        node("Conv", ["a.relu", "b.w"], ["b"], name="b", pads=[1, 1, 1, 1]),
        node("Add", ["a.relu", "b"], ["sum"], name="sum"),
        node("Clip", ["sum", "low", "high"], ["clipped"], name="clipped"),
        node("Conv", ["clipped", "c.w"], ["c"], name="c"),
        node("LeakyRelu", ["c"], ["c.leaky"], name="c.leaky"),
        node("Concat", ["c.leaky", "clipped"], ["both"], name="both", axis=1),
        node("Conv", ["both", "d.w"], ["d"], name="d"),
        node("Sigmoid", ["d"], ["gate"], name="gate"),
        node("Mul", ["d", "gate"], ["silu"], name="silu"),
        node("GlobalAveragePool", ["silu"], ["pooled"], name="pooled"),
        node("Flatten", ["pooled"], ["flat"], name="flat"),
        node("MatMul", ["flat", "fc.w"], ["y"], name="fc"),
    ]
    path = tmp_path_factory.mktemp("residual") / "residual.onnx"
    return _network(path, nodes, constants, ["batch", 3, 16, 16], ["batch", 4])


@pytest.fixture(scope="module")
def attention(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights between 0 and 1 out of the first half of x; where the second half is 1, nobody may look."""
    constants: dict[str, np.ndarray] = {
        "w": _RANDOM.standard_normal((4, 4)).astype(np.float32),
        "nobody": np.array(-1e9, np.float32),
        "half": np.array(0.5, np.float32),
        "sizes": np.array([4, 4], np.int64),
    }
    node = helper.make_node
    nodes = [
        node("Split", ["x", "sizes"], ["scores", "hidden"], name="split", axis=1),
        node("MatMul", ["scores", "w"], ["mixed"], name="mixed"),
        node("Mul", ["mixed", "half"], ["scaled"], name="scaled"),
        node("Mul", ["hidden", "nobody"], ["mask"], name="mask"),
        node("Add", ["scaled", "mask"], ["masked"], name="masked"),
        node("Softmax", ["masked"], ["y"], name="y", axis=1),
    ]
    path = tmp_path_factory.mktemp("attention") / "attention.onnx"
    return _network(path, nodes, constants, ["batch", 8], ["batch", 4])


def _pictures(seed: int, rows: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, 3, 16, 16)).astype(np.float32)


def _given(count: int = 8) -> Iterator[dict[str, np.ndarray]]:
    return iter({"x": _pictures(seed)} for seed in range(count))


def _computed(path: Path, folder: Path) -> Counter[str]:
    """The operators that ONNX Runtime runs, after its fusions."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.optimized_model_filepath = str(folder / "optimised.onnx")
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return Counter(node.op_type for node in onnx.load(folder / "optimised.onnx").graph.node)


def test_everything_between_two_rounded_tensors_is_computed_in_integers(residual: Path, tmp_path: Path) -> None:
    Quantiser(residual, _given(), "minmax", "8 samples").write(tmp_path / "int8.onnx")
    found = _computed(tmp_path / "int8.onnx", tmp_path)
    assert (found["QLinearConv"], found["QLinearAdd"], found["QLinearConcat"]) == (4, 1, 1)
    assert (found["QLinearLeakyRelu"], found["QLinearSigmoid"], found["QLinearMul"]) == (1, 1, 1)
    assert found["QLinearGlobalAveragePool"] == found["MatMulIntegerToFloat"] == 1
    assert (found["QuantizeLinear"], found["DequantizeLinear"]) == (1, 0)  # at the input
    assert not found.keys() & {"Conv", "FusedConv", "Add", "Concat", "LeakyRelu", "Sigmoid", "Mul", "MatMul", "Clip"}


def test_a_node_that_is_kept_is_computed_in_float32_and_what_takes_it_too(residual: Path, tmp_path: Path) -> None:
    """Between two rounded tensors, ONNX Runtime would round its weights by itself."""
    made = Quantiser(residual, _given(), "minmax", "8 samples")
    assert {"a", "sum", "both", "gate", "fc"} <= made.nodes().keys()
    made.write(tmp_path / "int8.onnx", ["b"])
    found = _computed(tmp_path / "int8.onnx", tmp_path)
    assert (found["QLinearConv"], found["QLinearAdd"], found["QLinearConcat"]) == (3, 0, 1)
    assert (found["Conv"] + found["FusedConv"], found["Add"]) == (1, 1)
    assert made.kept(["b"]) == {"b", "sum"}


@pytest.mark.parametrize(("target", "method"), [*(("onnx", method) for method in METHODS), ("openvino", METHODS[0])])
def test_every_target_computes_it_right(residual: Path, tmp_path: Path, target: str, method: str) -> None:
    state = backends.targets()[target].availability()
    if not state.usable:
        pytest.skip(f"{target}: {state.detail}")
    made = Quantiser(residual, _given(), method, "8 samples")
    made.write(tmp_path / "int8.onnx")
    assert made.facts()["calibration"] == method
    x = _pictures(100, 4)
    with Engine(residual) as plain, Engine(tmp_path / "int8.onnx", target=target, batch_size=4) as rounded:
        wanted, got = plain(x), rounded(x)
    assert np.abs(got - wanted).max() <= 0.1 * np.abs(wanted).max()
    assert not np.array_equal(got, wanted)


def test_weights_leave_room_for_processors_that_add_up_in_16_bits(residual: Path, tmp_path: Path) -> None:
    Quantiser(residual, _given(), "minmax", "8 samples").write(tmp_path / "int8.onnx")
    arrays = [numpy_helper.to_array(one) for one in onnx.load(tmp_path / "int8.onnx").graph.initializer]
    weights = [array for array in arrays if array.dtype == np.int8 and array.ndim > 1]
    assert len(weights) == 5
    assert max(int(np.abs(array.astype(int)).max()) for array in weights) <= 64
    assert {array.dtype for array in arrays if array.ndim == 0 and array.dtype.kind in "iu"} >= {np.dtype(np.uint8)}


def test_scores_that_nearly_tie_are_told_apart(tmp_path: Path) -> None:
    """Rounded to 256 steps of their range, half of a thousand scores would be equal to another."""
    weights = _RANDOM.standard_normal((8, 1000)).astype(np.float32)
    network = _network(
        tmp_path / "scores.onnx",
        [helper.make_node("MatMul", ["x", "w"], ["y"], name="fc")],
        {"w": weights},
        ["batch", 8],
        ["batch", 1000],
    )
    rows = ({"x": np.full((1, 8), value, np.float32)} for value in (0, 1))
    Quantiser(network, rows, "minmax", "2 samples").write(tmp_path / "int8.onnx")
    with Engine(tmp_path / "int8.onnx") as engine:
        scores = engine(_RANDOM.random((1, 8), np.float32))
    assert len(np.unique(scores)) > 950


@pytest.mark.parametrize("activation", ["Relu", "Clip"])
def test_an_activation_of_the_last_convolution_is_fused_with_it(tmp_path: Path, activation: str) -> None:
    """What it cuts off takes no steps of the range then."""
    random = np.random.default_rng(3)
    constants = {"w": random.standard_normal((4, 4, 1, 1)).astype(np.float32), "b": np.full(4, -3, np.float32)}
    constants |= {"low": np.array(0, np.float32), "high": np.array(6, np.float32)}
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], name="conv"),
        helper.make_node(activation, ["c", "low", "high"] if activation == "Clip" else ["c"], ["a"], name="act"),
        helper.make_node("GlobalAveragePool", ["a"], ["y"], name="pool"),
    ]
    network = _network(tmp_path / "network.onnx", nodes, constants, ["batch", 4, 8, 8], ["batch", 4, 1, 1])
    x = random.standard_normal((4, 4, 8, 8)).astype(np.float32)
    made = Quantiser(network, iter([{"x": x}]), "minmax", "4 samples")
    made.write(tmp_path / "int8.onnx")
    found = _computed(tmp_path / "int8.onnx", tmp_path)
    assert (found["QLinearConv"], found[activation]) == (1, 0)
    graph = onnx.load(tmp_path / "optimised.onnx").graph
    zero = next(node.input[7] for node in graph.node if node.op_type == "QLinearConv")  # of what it gives
    assert next(numpy_helper.to_array(one) for one in graph.initializer if one.name == zero) == 0


def test_a_table_that_rows_are_taken_from_is_rounded(tmp_path: Path) -> None:
    """Though nothing heavy comes behind it: it makes up the file."""
    table = np.random.default_rng(4).standard_normal((1000, 16)).astype(np.float32)
    nodes = [
        helper.make_node("Cast", ["x"], ["rows"], name="rows", to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "rows"], ["found"], name="gather"),
        helper.make_node("Neg", ["found"], ["y"], name="turned"),
    ]
    network = _network(tmp_path / "network.onnx", nodes, {"table": table}, ["batch"], ["batch", 16])
    rows = np.arange(8, dtype=np.float32)
    made = Quantiser(network, iter([{"x": rows}]), "minmax", "8 samples")
    made.write(tmp_path / "int8.onnx")
    assert made.nodes() == {"gather": "Gather"}
    assert (tmp_path / "int8.onnx").stat().st_size < network.stat().st_size / 3


def test_what_has_nothing_to_round_says_so(tmp_path: Path) -> None:
    network = _network(
        tmp_path / "network.onnx",
        [helper.make_node("Add", ["x", "x"], ["y"], name="doubled")],
        {},
        ["batch", 4],
        ["batch", 4],
    )
    made = Quantiser(network, iter([{"x": np.ones((1, 4), np.float32)}]), "minmax", "1 sample")
    assert (made.nodes(), made.facts()) == ({}, {"precision": "float32: nothing of it gets smaller or faster in int8"})


def test_boxes_and_scores_in_one_tensor_keep_their_own_steps(tmp_path: Path) -> None:
    """A detector's last nodes put boxes of hundreds of pixels and scores below 1 together."""
    constants = {"b.w": 300 * _RANDOM.standard_normal((4, 3, 1, 1)).astype(np.float32)}
    constants["s.w"] = _RANDOM.standard_normal((2, 3, 1, 1)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["x", "b.w"], ["boxes"], name="boxes"),
        helper.make_node("Conv", ["x", "s.w"], ["logits"], name="logits"),
        helper.make_node("Sigmoid", ["logits"], ["scores"], name="scores"),
        helper.make_node("Concat", ["boxes", "scores"], ["y"], name="both", axis=1),
    ]
    network = _network(tmp_path / "network.onnx", nodes, constants, ["batch", 3, 8, 8], ["batch", 6, 8, 8])
    x = _RANDOM.random((4, 3, 8, 8), np.float32)
    made = Quantiser(network, iter([{"x": x}]), "minmax", "4 samples")
    made.write(tmp_path / "int8.onnx")
    with Engine(network) as plain, Engine(tmp_path / "int8.onnx") as rounded:
        wanted, got = plain(x), rounded(x)
    assert np.abs(got - wanted)[:, 4:].max() < 0.02
    assert made.nodes() == {"boxes": "Conv", "logits": "Conv"}
    assert _computed(tmp_path / "int8.onnx", tmp_path)["QLinearConv"] == 2


def test_an_output_that_a_node_takes_too_stays_rounded(tmp_path: Path) -> None:
    """So does that of a convolution, which has an integer kernel only then."""
    weights = _RANDOM.standard_normal((4, 4, 1, 1)).astype(np.float32)
    nodes = [
        helper.make_node("Add", ["x", "x"], ["doubled"], name="doubled"),
        helper.make_node("Conv", ["doubled", "w"], ["y"], name="conv"),
    ]
    network = _network(tmp_path / "network.onnx", nodes, {"w": weights}, ["batch", 4, 8, 8], ["batch", 4, 8, 8])
    given = onnx.load(network)
    given.graph.output.append(helper.make_tensor_value_info("doubled", TensorProto.FLOAT, ["batch", 4, 8, 8]))
    onnx.save(given, network)
    rows = ({"x": _RANDOM.random((1, 4, 8, 8), np.float32)} for _ in range(4))
    Quantiser(network, rows, "minmax", "4 samples").write(tmp_path / "int8.onnx")
    found = _computed(tmp_path / "int8.onnx", tmp_path)
    assert (found["QLinearAdd"], found["QLinearConv"]) == (1, 1)


def test_weights_of_8_bits_are_said_to_be_for_vnni(residual: Path, tmp_path: Path) -> None:
    made = Quantiser(residual, _given(), "minmax", "8 samples", 8)
    made.write(tmp_path / "int8.onnx")
    arrays = [numpy_helper.to_array(one) for one in onnx.load(tmp_path / "int8.onnx").graph.initializer]
    assert max(int(np.abs(one.astype(int)).max()) for one in arrays if one.dtype == np.int8) == 127
    assert "VNNI; without it" in made.facts()["weights"]


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a processor without VNNI: what its kernels compute then can only be seen there."""
    monkeypatch.setattr("engine.backends.compiling.overflow.products_overflow", lambda: True)


@pytest.mark.parametrize("bits", [7, 8])
@pytest.mark.usefixtures("narrow")
def test_sums_that_overflow_are_computed_otherwise_and_warned_of(
    residual: Path, tmp_path: Path, bits: int, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "int8.onnx"
    Quantiser(residual, _given(), "minmax", "8 samples", bits).write(path)
    session = backends.find("onnx").open(path, Options())
    said = session.native.get_session_options()
    if bits == 8:
        assert said.get_session_config_entry("session.x64quantprecision") == "1"
    else:
        with pytest.raises(RuntimeError):
            said.get_session_config_entry("session.x64quantprecision")
    assert ("slower kernels are taken" in caplog.text) == (bits == 8)
    if backends.targets()["openvino"].availability().usable:
        with Engine(path, target="openvino", batch_size=4):
            pass
        assert caplog.text.count("OpenVINO may compute wrong numbers") == (bits == 8)


@pytest.mark.parametrize("where", ["a number each", "a constant", "another file"])
@pytest.mark.usefixtures("narrow")
def test_wide_weights_are_found_wherever_they_are(tmp_path: Path, where: str) -> None:
    """In another file, they are not looked for, and taken for wide."""
    path = tmp_path / "network.onnx"
    for most in (64, -64, 65, -65):
        weights = np.array([1, most], np.int8)
        raw = where != "a number each"
        tensor = helper.make_tensor("w", TensorProto.INT8, [2], weights.tobytes() if raw else weights.tolist(), raw)
        dequantise = helper.make_node("DequantizeLinear", ["w", "s"], ["y"])
        nodes, tensors = [dequantise], [tensor]
        if where == "a constant":
            nodes, tensors = [helper.make_node("Constant", [], ["w"], value=tensor), dequantise], []
        scale = numpy_helper.from_array(np.float32(1), "s")
        given = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])]
        model = helper.make_model(helper.make_graph(nodes, "network", [], given, [*tensors, scale]))
        outside = where == "another file"
        onnx.save(model, path, save_as_external_data=outside, location="w.bin", size_threshold=0)
        assert overflows(path, "nothing") == (outside or abs(most) == 65)


def test_a_mask_that_calibration_never_saw_stays_a_mask(attention: Path, tmp_path: Path) -> None:
    """A sample alone has no padding, so that what is added to its scores is 0 throughout."""
    rows = [np.random.default_rng(seed).standard_normal((1, 8)).astype(np.float32) for seed in range(8)]
    for row in rows:
        row[:, 4:] = 0
    made = Quantiser(attention, iter({"x": row} for row in rows), "minmax", "8 samples")
    made.write(tmp_path / "int8.onnx")
    x = rows[0].copy()
    x[:, 5] = x[:, 7] = 1
    with Engine(attention) as plain, Engine(tmp_path / "int8.onnx") as rounded:
        wanted, got = plain(x), rounded(x)
    assert wanted[0, 1] == got[0, 1] == wanted[0, 3] == got[0, 3] == 0
    np.testing.assert_allclose(got, wanted, atol=0.1)
    assert made.nodes() == {"mixed": "MatMul"}
