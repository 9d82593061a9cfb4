"""A runtime's semantics: each target gives ONNX Runtime's numbers, or refuses with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine import backends
from engine.backends.base import Session
from engine.backends.compiling.known import require_supported
from engine.backends.compiling.onnx_file import read_onnx
from engine.base import Engine, EngineError, ModelFileError, OptionError, RunError, ShapeError
from engine.spec import TensorSpec, batch_name, takes_rows

FLOAT = TensorProto.FLOAT


def value(name: str, shape: list[Any] | None, kind: int = FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def saved(path: Path, nodes: list[Any], inputs: list[Any], outputs: list[Any], opset: int = 17, **weights: Any) -> Path:
    tensors = [numpy_helper.from_array(np.asarray(array), name) for name, array in weights.items()]
    graph = helper.make_graph(nodes, "net", inputs, outputs, tensors)
    ir = 6 if opset < 12 else 8
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir), path)
    return path


def run(path: Path, target: str, *arrays: np.ndarray, **options: Any) -> Any:
    sizes = [list(array.shape) for array in arrays]
    with Engine(path, target=target, input_size=sizes, **options) as engine:
        return engine(list(arrays))


@pytest.mark.parametrize("kind", ["Softmax", "LogSoftmax", "Hardmax"])
@pytest.mark.parametrize(("shape", "axis", "opset"), [
    ([2, 3, 4], None, 11), ([2, 3, 4], 0, 11), ([2, 3, 4], 2, 11), ([2, 3, 4], -2, 12), ([2, 3, 4, 2], 1, 9),
    ([2, 3], None, 11), ([5], 0, 11), ([2, 3, 4], 1, 13),
])  # fmt: skip
def test_softmax_of_older_opsets(
    tmp_path: Path, target: str, kind: str, shape: list[int], axis: int | None, opset: int
) -> None:
    node = helper.make_node(kind, ["x"], ["y"], **({} if axis is None else {"axis": axis}))
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    path = saved(tmp_path / "m.onnx", [node], [value("x", shape)], [value("y", shape)], opset)
    want = run(path, "onnx", x)
    try:
        got = run(path, target, x)
    except ModelFileError:
        assert (kind, target) == ("Hardmax", "cpu")  # TVM has no such operator
        return
    np.testing.assert_allclose(got, want, atol=1e-5)


def test_softmax_of_an_older_opset_within_a_branch(tmp_path: Path) -> None:
    y = value("y", [2, 3, 4])
    branch = helper.make_graph([helper.make_node("Softmax", ["x"], ["y"])], "b", [], [y])
    node = helper.make_node("If", ["test"], ["z"], then_branch=branch, else_branch=branch)
    x = np.random.default_rng(0).standard_normal((2, 3, 4)).astype(np.float32)
    inputs = [value("x", [2, 3, 4]), value("test", [], TensorProto.BOOL)]
    path = saved(tmp_path / "m.onnx", [node], inputs, [value("z", [2, 3, 4])], 11)
    want = run(path, "onnx", x, np.array(True))
    np.testing.assert_allclose(run(path, "openvino", x, np.array(True)), want, atol=1e-5)


@pytest.mark.parametrize("kind", [TensorProto.BFLOAT16, TensorProto.FLOAT8E4M3FN, TensorProto.COMPLEX64])
@pytest.mark.parametrize("opens", ["onnx", "openvino", "cpu"])
def test_element_types_that_no_array_has_are_refused(tmp_path: Path, opens: str, kind: int) -> None:
    if not backends.targets()[opens].availability().usable:
        pytest.skip(f"no {opens}")
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    path = saved(tmp_path / "m.onnx", nodes, [value("x", [2, 3], kind)], [value("y", [2, 3], kind)], 19)
    with pytest.raises(ModelFileError):
        Engine(path, target=opens, batch_size=2)


@pytest.mark.parametrize("opset", [0, 1 << 20, 1 << 40, (1 << 63) - 1])
@pytest.mark.parametrize("opens", ["onnx", "openvino", "cpu"])
def test_an_opset_that_nobody_knows_is_refused(tmp_path: Path, opens: str, opset: int) -> None:
    if not backends.targets()[opens].availability().usable:
        pytest.skip(f"no {opens}")
    nodes = [helper.make_node("Neg", ["x"], ["y"])]
    path = saved(tmp_path / "m.onnx", nodes, [value("x", [2, 3])], [value("y", [2, 3])], opset)
    with pytest.raises(ModelFileError):
        Engine(path, target=opens, batch_size=2)


@pytest.mark.parametrize("opens", ["onnx", "openvino", "cpu"])
@pytest.mark.parametrize("shape", [[-1, 3], [-1, -1], [2, -1]])
def test_a_negative_dimension_is_an_open_one(tmp_path: Path, opens: str, shape: list[int]) -> None:
    if not backends.targets()[opens].availability().usable:
        pytest.skip(f"no {opens}")
    path = saved(tmp_path / "m.onnx", [helper.make_node("Neg", ["x"], ["y"])], [value("x", shape)], [value("y", shape)])
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(run(path, opens, x, batch_size=2), -x)


def test_sizes_that_contradict_each_other(tmp_path: Path, target: str) -> None:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    weights = {"w": np.ones((4, 5), np.float32)}
    path = saved(tmp_path / "m.onnx", nodes, [value("x", [2, 3])], [value("y", [2, 5])], **weights)
    with pytest.raises(EngineError):
        run(path, target, np.ones((2, 3), np.float32))


def test_an_output_that_is_not_what_the_file_declares(tmp_path: Path, target: str) -> None:
    path = saved(tmp_path / "m.onnx", [helper.make_node("Neg", ["x"], ["y"])], [value("x", [2, 3])], [value("y", [6])])
    with pytest.raises(EngineError):
        run(path, target, np.ones((2, 3), np.float32))


@pytest.mark.parametrize(
    "returned", [np.zeros((2, 3), np.float64), np.zeros(2, np.float32), np.zeros((2, 4), np.float32)]
)
def test_a_runtime_that_returns_something_else_is_caught(returned: np.ndarray) -> None:
    class Liar(Session):
        inputs = (TensorSpec("x", "float32", ("batch", 3)),)
        outputs = (TensorSpec("y", "float32", ("batch", 3)),)

        def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
            return [returned]

    with pytest.raises(RunError, match="output 'y"):
        Engine.from_session(Liar(), "liar", "liar")(np.zeros((2, 3), np.float32))


def lstm(path: Path, shape: list[Any]) -> Path:
    nodes = [helper.make_node("LSTM", ["x", "w", "r"], ["y"], hidden_size=2)]
    random = np.random.default_rng(0)
    weights = {name: random.standard_normal((1, 8, size)).astype(np.float32) for name, size in (("w", 3), ("r", 2))}
    return saved(path, nodes, [value("x", shape)], [value("y", [shape[0], 1, shape[1], 2])], **weights)


@pytest.mark.parametrize("opens", ["onnx", "openvino", "cpu"])
@pytest.mark.parametrize("shape", [[4, "batch", 3], [4, 2, 3], [1, 2, 3], ["steps", "batch", 3]])
@pytest.mark.parametrize("options", [{}, {"batch_size": 2}])
def test_steps_are_no_rows(tmp_path: Path, opens: str, shape: list[Any], options: dict[str, Any]) -> None:
    """6 steps are right, or refused; never cut into pieces."""
    if not backends.targets()[opens].availability().usable:
        pytest.skip(f"no {opens}")
    x = np.random.default_rng(1).standard_normal((6, 2, 3)).astype(np.float32)
    with Engine(lstm(tmp_path / "open.onnx", ["steps", "batch", 3])) as engine:
        want = engine(x)
    size = [[4 if shape[0] == "steps" else shape[0], 2, 3]]
    try:
        with Engine(lstm(tmp_path / "m.onnx", shape), target=opens, input_size=size, **options) as engine:
            got = engine(x)
    except ShapeError:
        return
    np.testing.assert_allclose(got, want, atol=1e-5)


def test_the_caller_says_what_the_batch_is(tmp_path: Path, target: str) -> None:
    path = saved(
        tmp_path / "m.onnx", [helper.make_node("Neg", ["x"], ["y"])], [value("x", [2, 3])], [value("y", [2, 3])]
    )
    x = np.arange(15, dtype=np.float32).reshape(5, 3)
    with Engine(path, target=target, batch_first=True) as engine:
        np.testing.assert_array_equal(engine(x), -x)
    with Engine(path, target=target) as engine, pytest.raises(ShapeError, match="takes 2 in dimension 0"):
        engine(x)


def test_copies_share_a_batch_only_where_it_is_known(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "m.onnx", [helper.make_node("Neg", ["x"], ["y"])], [value("x", ["t", 3])], [value("y", ["t", 3])]
    )
    with pytest.raises(OptionError, match="not known which dimension is the batch"):
        Engine(path, replicas=2)
    with Engine(path, replicas=2, batch_first=True) as engine:
        assert engine(np.ones((5, 3), np.float32)).shape == (5, 3)


def spec(*shape: int | str) -> TensorSpec:
    return TensorSpec("x", "float32", shape)


@pytest.mark.parametrize(
    ("inputs", "sized", "name", "rows"),
    [
        ([spec("batch", 3)], False, "batch", (True,)),
        ([spec("batch_size", 3), spec("batch_size")], False, "batch_size", (True, True)),
        ([spec(4, "batch", 3)], False, "batch", (False,)),
        ([spec("batch", 1, 8, 8), spec("num_rois", 4)], False, "batch", (True, False)),
        ([spec("N", 3), spec(2)], False, None, (False, False)),
        ([spec("N", 3), spec(2)], True, "N", (True, False)),
        ([spec("steps", "n", 3)], True, None, (False,)),
        ([spec(2, 3)], True, None, (False,)),
        ([], True, None, ()),
    ],
)
def test_names_of_the_batch(inputs: list[TensorSpec], sized: bool, name: str | None, rows: tuple[bool, ...]) -> None:
    assert batch_name(inputs, sized) == name
    assert takes_rows(inputs, sized=sized) == rows
    assert takes_rows(inputs, batch_first=False, sized=sized) == (False,) * len(inputs)


OPEN: dict[str, Callable[[], tuple[Any, list[Any], list[Any], list[np.ndarray]]]] = {
    "values": lambda: (
        helper.make_node("NonZero", ["x"], ["y"]), [value("x", ["n", 3])], [value("y", [2, "k"], TensorProto.INT64)],
        [np.float32([[1, 0, 3]])],
    ),
    "sizes": lambda: (
        helper.make_node("Tile", ["x", "n"], ["y"]), [value("x", ["n", 3]), value("n", [2], TensorProto.INT64)],
        [value("y", ["a", "b"])], [np.ones((1, 3), np.float32), np.array([1, 2])],
    ),
    "lacking": lambda: (
        helper.make_node("Det", ["x"], ["y"]), [value("x", [3, 3])], [value("y", [])], [np.eye(3, dtype=np.float32)],
    ),
    "sequence": lambda: (
        helper.make_node("SplitToSequence", ["x"], ["y"], axis=0), [value("x", ["n", 3])],
        [helper.make_value_info("y", helper.make_sequence_type_proto(helper.make_tensor_type_proto(FLOAT, None)))],
        [np.ones((2, 3), np.float32)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", OPEN)
def test_what_a_compiler_cannot_do_is_a_sentence(tmp_path: Path, target: str, kind: str) -> None:
    node, inputs, outputs, arrays = OPEN[kind]()
    path = saved(tmp_path / "m.onnx", [node], inputs, outputs)
    said = ""
    try:
        np.testing.assert_allclose(run(path, target, *arrays), run(path, "onnx", *arrays))
    except EngineError as error:
        said = str(error)
    assert said == "" or ("m.onnx" in said or "'y'" in said)


def test_a_sequence_comes_as_a_list_and_is_not_put_together(tmp_path: Path) -> None:
    _, inputs, outputs, _ = OPEN["sequence"]()
    node = helper.make_node("SplitToSequence", ["x"], ["y"], axis=1)
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    with Engine(saved(tmp_path / "m.onnx", [node], inputs, outputs)) as engine:
        assert [part.tolist() for part in engine(x)] == [[[0], [3]], [[1], [4]], [[2], [5]]]
    fixed = saved(tmp_path / "fixed.onnx", [node], [value("x", [1, 3])], outputs)
    with Engine(fixed, batch_first=True) as engine, pytest.raises(ShapeError, match="'y' is a list and no array"):
        engine(x)


def test_a_file_that_is_too_large_for_one_message_says_so(
    tmp_path: Path, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.backends.compiling import onnx_file

    path = saved(
        tmp_path / "m.onnx", [helper.make_node("Neg", ["x"], ["y"])], [value("x", [2, 3])], [value("y", [2, 3])]
    )
    monkeypatch.setattr(onnx_file, "LARGEST", 10)
    with pytest.raises(ModelFileError, match="too large"):
        Engine(path, target=target, batch_size=2, options={"cache": False})


def test_what_is_known_to_differ_is_refused_or_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    node = helper.make_node("Tile", ["x", "n"], ["y"])
    inputs = [value("x", ["batch", 3]), value("n", [2], TensorProto.INT64)]
    path = saved(tmp_path / "tile.onnx", [node], inputs, [value("y", ["a", "b"])])
    with pytest.raises(ModelFileError, match=r"computes Tile \(repeats that are no constant\) otherwise"):
        Engine(path, target="openvino")
    pool = helper.make_node(
        "AveragePool", ["x"], ["y"], kernel_shape=[2, 2], ceil_mode=1, count_include_pad=1, dilations=[2, 2]
    )
    path = saved(tmp_path / "pool.onnx", [pool], [value("x", [1, 1, 6, 6])], [value("y", [1, 1, "h", "w"])], 19)
    with Engine(path):
        assert "computes AveragePool" in caplog.text


@pytest.mark.parametrize("shape", [["batch", 3], [2, 3]])
def test_an_optional_tensor_is_an_output_of_its_own_dtype(tmp_path: Path, shape: list[Any]) -> None:
    kind = helper.make_optional_type_proto(helper.make_tensor_type_proto(FLOAT, shape))
    output = helper.make_value_info("maybe", kind)
    path = saved(tmp_path / "o.onnx", [helper.make_node("Optional", ["x"], ["maybe"])], [value("x", shape)], [output])
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    with Engine(path) as engine:
        assert engine.outputs[0].dtype == "float32"
        np.testing.assert_array_equal(engine(x), x)


@pytest.mark.parametrize("more", [{}, {"sampling_ratio": 0}, {"sampling_ratio": 2}])
@pytest.mark.parametrize("opset", [10, 16])
def test_boxes_are_sampled_as_often_as_onnx_says(tmp_path: Path, target: str, opset: int, more: dict[str, int]) -> None:
    node = helper.make_node("RoiAlign", ["x", "boxes", "rows"], ["y"], output_height=2, output_width=2, **more)
    inputs = [value("x", [1, 1, 8, 8]), value("boxes", [2, 4]), value("rows", [2], TensorProto.INT64)]
    path = saved(tmp_path / "m.onnx", [node], inputs, [value("y", [2, 1, 2, 2])], opset)
    arrays = (
        np.random.default_rng(0).standard_normal((1, 1, 8, 8)).astype(np.float32),
        np.array([[0, 0, 4, 4], [1, 1, 7, 7]], np.float32),
        np.zeros(2, np.int64),
    )
    np.testing.assert_allclose(run(path, target, *arrays), run(path, "onnx", *arrays), atol=1e-5)


@pytest.mark.parametrize("size", [6, 7])
@pytest.mark.parametrize(("pads", "count"), [(0, 1), (1, 1), (1, 0)])
def test_averages_of_windows_beyond_the_padding(tmp_path: Path, target: str, pads: int, count: int, size: int) -> None:
    """At a size of 7 the last window ends with the padding."""
    said = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [pads] * 4, "ceil_mode": 1, "count_include_pad": count}
    x = np.random.default_rng(0).standard_normal((1, 1, size, size)).astype(np.float32)
    node = helper.make_node("AveragePool", ["x"], ["y"], **said)
    path = saved(tmp_path / "m.onnx", [node], [value("x", [1, 1, size, size])], [value("y", None)], 11)
    if (target, pads, count, size) == ("openvino", 1, 1, 6):
        with pytest.raises(ModelFileError, match=r"AveragePool \(pads with ceil_mode and count_include"):
            run(path, target, x)
        return
    np.testing.assert_allclose(run(path, target, x), run(path, "onnx", x), atol=1e-5)


def test_averages_within_a_graph_follow_from_its_inputs_sizes(tmp_path: Path) -> None:
    """Not from what the file says of tensors between, and an open size may be any."""
    said = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1] * 4, "ceil_mode": 1, "count_include_pad": 1}
    nodes = [helper.make_node("Relu", ["x"], ["r"]), helper.make_node("AveragePool", ["r"], ["y"], **said)]
    x = np.random.default_rng(0).standard_normal((1, 1, 7, 7)).astype(np.float32)
    path = saved(tmp_path / "m.onnx", nodes, [value("x", [1, 1, 7, 7])], [value("y", None)])
    np.testing.assert_allclose(run(path, "openvino", x), run(path, "onnx", x), atol=1e-5)
    for sizes in ([8, 8], ["h", "w"]):
        path = saved(tmp_path / "m.onnx", nodes, [value("x", [1, 1, *sizes])], [value("y", None)])
        wrong = onnx.load(path)
        wrong.graph.value_info.append(value("r", [1, 1, 7, 7]))
        onnx.save(wrong, path)
        with pytest.raises(ModelFileError, match="AveragePool"):
            require_supported(path, onnx.load(path), "openvino")


@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_pictures_are_enlarged_as_older_files_say_or_not_at_all(tmp_path: Path, target: str, mode: str) -> None:
    node = helper.make_node("Upsample", ["x"], ["y"], mode=mode, scales=[1.0, 1.0, 2.0, 2.0])
    x = np.random.default_rng(0).standard_normal((1, 1, 4, 4)).astype(np.float32)
    path = saved(tmp_path / "m.onnx", [node], [value("x", [1, 1, 4, 4])], [value("y", [1, 1, 8, 8])], 7)
    if (target, mode) == ("cpu", "nearest"):
        with pytest.raises(ModelFileError, match=r"Upsample \(mode nearest\) otherwise"):
            run(path, target, x)
        return
    np.testing.assert_allclose(run(path, target, x), run(path, "onnx", x), atol=1e-5)


def with_functions(path: Path) -> Path:
    """A graph of two functions, one of which calls the other with an attribute."""
    opset, own = helper.make_opsetid("", 17), helper.make_opsetid("own", 1)
    given = onnx.AttributeProto(name="alpha", ref_attr_name="alpha", type=onnx.AttributeProto.FLOAT)
    leaky = helper.make_node("LeakyRelu", ["a"], ["b"])
    leaky.attribute.append(given)
    calls = [helper.make_node("Leaky", [a], [b], domain="own", alpha=0.3) for a, b in ("ac", "cb")]
    functions = [
        helper.make_function("own", "Leaky", ["a"], ["b"], [leaky], [opset], ["alpha"]),
        helper.make_function("own", "Twice", ["a"], ["b"], calls, [opset, own]),
    ]
    node = helper.make_node("Twice", ["x"], ["y"], domain="own")
    graph = helper.make_graph([node], "net", [value("x", ["N", 3])], [value("y", ["N", 3])])
    made = helper.make_model(graph, opset_imports=[opset, own], ir_version=8, functions=functions)
    onnx.save(made, path)
    return path


def test_functions_of_the_files_own_are_computed(tmp_path: Path, target: str) -> None:
    path, x = with_functions(tmp_path / "m.onnx"), np.array([[-1, 0, 2]], np.float32)
    np.testing.assert_allclose(run(path, target, x), [[-0.09, 0, 2]], atol=1e-6)


def test_a_file_that_breaks_the_rules_is_not_called_truncated(tmp_path: Path, target: str) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"], slope=1.0)]
    path = saved(tmp_path / "m.onnx", nodes, [value("x", [1])], [value("y", [1])])
    with pytest.raises(ModelFileError, match=r"breaks ONNX's rules, .* or try target onnx\. onnx says: Unrecogn"):
        run(path, target, np.ones(1, np.float32))


def test_boxes_that_stay_are_as_many_as_the_values_say(tmp_path: Path, target: str) -> None:
    boxes = np.array([[[0, 0, 1, 1], [0, 0.1, 1, 1.1], [2, 2, 3, 3], [5, 5, 6, 6]]], np.float32)
    scores = np.array([[[0.9, 0.8, 0.7, 0.05]]], np.float32)
    limits = {"most": np.array([3]), "overlap": np.float32([0.5]), "least": np.float32([0.1])}
    node = helper.make_node("NonMaxSuppression", ["boxes", "scores", *limits], ["y"])
    inputs = [value("boxes", [1, 4, 4]), value("scores", [1, 1, 4])]
    path = saved(tmp_path / "m.onnx", [node], inputs, [value("y", ["kept", 3], TensorProto.INT64)], 11, **limits)
    assert run(path, target, boxes, scores).tolist() == [[0, 0, 0], [0, 0, 2]]


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize(("steps", "refused"), [(4, False), ("T", True)])
def test_lengths_of_sequences_hold_or_are_refused(tmp_path: Path, kind: str, steps: Any, refused: bool) -> None:
    gates, generator = {"LSTM": 4, "GRU": 3, "RNN": 1}[kind], np.random.default_rng(0)
    weights = {
        "w": generator.standard_normal((1, 2 * gates, 3)).astype(np.float32),
        "r": generator.standard_normal((1, 2 * gates, 2)).astype(np.float32),
    }
    x = generator.standard_normal((4, 2, 3)).astype(np.float32)
    node = helper.make_node(kind, ["x", "w", "r", "", "lengths"], ["y"], hidden_size=2)
    inputs = [value("x", [steps, 2, 3]), value("lengths", [2], TensorProto.INT32)]
    path = saved(tmp_path / "m.onnx", [node], inputs, [value("y", [steps, 1, 2, 2])], **weights)
    arrays = (x, np.array([4, 2], np.int32))
    if refused:
        with pytest.raises(ModelFileError, match=rf"{kind} \(lengths of sequences, with open sizes\) otherwise"):
            run(path, "openvino", *arrays)
        return
    np.testing.assert_allclose(run(path, "openvino", *arrays), run(path, "onnx", *arrays), atol=1e-5)


def test_lengths_that_are_all_there_is_are_no_lengths_of_their_own(tmp_path: Path) -> None:
    """Some exporters give every layer the number of steps, taken from the size of its input."""
    generator = np.random.default_rng(0)
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "zero"], ["steps"]),
        helper.make_node("Gather", ["shape", "one"], ["rows"]),
        helper.make_node("Expand", ["steps", "rows"], ["long"]),
        helper.make_node("Cast", ["long"], ["lengths"], to=TensorProto.INT32),
        helper.make_node("LSTM", ["x", "w", "r", "", "lengths"], ["y"], hidden_size=2),
    ]
    weights = {
        "w": generator.standard_normal((1, 8, 3)).astype(np.float32),
        "r": generator.standard_normal((1, 8, 2)).astype(np.float32),
    }
    x = generator.standard_normal((4, 2, 3)).astype(np.float32)
    ends = [value("x", ["T", "N", 3])], [value("y", ["T", 1, "N", 2])]
    path = saved(tmp_path / "m.onnx", nodes, *ends, zero=[0], one=[1], **weights)
    np.testing.assert_allclose(run(path, "openvino", x), run(path, "onnx", x), atol=1e-5)


@pytest.mark.parametrize("made", ["Expand", "Cast", "Mul", "Concat", "ConstantOfShape"])
def test_lengths_with_a_number_that_somebody_chose_are_refused(tmp_path: Path, made: str) -> None:
    """However they are put together: the sizes then only say how many lengths there are."""
    number = numpy_helper.from_array(np.array([2], np.int32))
    chosen = {
        "Expand": [helper.make_node("Expand", ["two", "rows"], ["lengths"])],
        "Cast": [helper.make_node("Cast", ["two"], ["c"], to=7), helper.make_node("Expand", ["c", "rows"], ["long"])],
        "Mul": [helper.make_node("Mul", ["rows", "one"], ["c"]), helper.make_node("Expand", ["c", "rows"], ["long"])],
        "Concat": [helper.make_node("Concat", ["rows", "one"], ["long"], axis=0)],
        "ConstantOfShape": [helper.make_node("ConstantOfShape", ["rows"], ["lengths"], value=number)],
    }[made]
    if chosen[-1].output[0] == "long":
        chosen.append(helper.make_node("Cast", ["long"], ["lengths"], to=TensorProto.INT32))
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "one"], ["rows"]),
        *chosen,
        helper.make_node("GRU", ["x", "w", "r", "", "lengths"], ["y"], hidden_size=2),
    ]
    weights = {"w": np.ones((1, 6, 3), np.float32), "r": np.ones((1, 6, 2), np.float32), "two": np.int32([2])}
    ends = [value("x", ["T", "N", 3])], [value("y", ["T", 1, "N", 2])]
    path = saved(tmp_path / "m.onnx", nodes, *ends, one=[1], **weights)
    with pytest.raises(ModelFileError, match=r"GRU \(lengths of sequences, with open"):
        require_supported(path, onnx.load(path), "openvino")


WIDE: dict[str, tuple[list[tuple[str, str, str]], bool]] = {
    "compared with sizes": ([("Shape", "x", "s"), ("Equal", "s most", "e"), ("Where", "e one s", "w")], True),
    "constants alone": ([("Sub", "most zero", "end"), ("Slice", "x zero end", "y")], True),
    "added to sizes": ([("Shape", "x", "s"), ("Add", "s most", "e"), ("Slice", "x zero e zero", "y")], False),
    "constants, and an output": ([("Sub", "most zero", "end"), ("Cast", "end", "y")], False),
}


@pytest.mark.parametrize("kind", WIDE)
def test_numbers_beyond_32_bits_pass_where_they_do_not_matter(tmp_path: Path, kind: str) -> None:
    steps, passes = WIDE[kind]
    nodes = [
        helper.make_node(operator, given.split(), [made], **({"to": FLOAT} if operator == "Cast" else {}))
        for operator, given, made in steps
    ]
    if kind == "compared with sizes":
        nodes.append(helper.make_node("Expand", ["x", "w"], ["y"]))
    numbers = {"most": [(1 << 63) - 1], "zero": [0], "one": [1]}
    path = saved(tmp_path / "m.onnx", nodes, [value("x", ["N"])], [value("y", None)], **numbers)
    x = np.arange(3, dtype=np.float32)
    if passes:
        np.testing.assert_array_equal(run(path, "openvino", x), run(path, "onnx", x))
        return
    with pytest.raises(ModelFileError, match="whole numbers beyond 32 bits"):
        run(path, "openvino", x)


@pytest.mark.parametrize(("kind", "length"), [("INT4", 3), ("UINT4", 3), ("INT2", 2), ("INT8", 5)])
def test_weights_beside_a_file_are_as_long_as_their_numbers_lie(tmp_path: Path, kind: str, length: int) -> None:
    tensor = helper.make_tensor("q", TensorProto.DataType.Value(kind), [5], [1, 0, 1, 0, 1])
    raw = numpy_helper.from_array(numpy_helper.to_array(tensor), "q").raw_data
    assert len(raw) == length
    (tmp_path / "side.bin").write_bytes(raw)
    tensor.ClearField("int32_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="side.bin")
    node = helper.make_node("Cast", ["q"], ["y"], to=FLOAT)
    graph = helper.make_graph([node], "net", [value("x", [1])], [value("y", [5])], [tensor])
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 25)]), path)
    (read,) = read_onnx(path).graph.initializer
    assert numpy_helper.to_array(read).astype(int).tolist() == [1, 0, 1, 0, 1]
    graph.initializer[0].external_data.add(key="length", value=str(length - 1))
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 25)]), path)
    with pytest.raises(ModelFileError, match=f"takes {length} bytes"):
        read_onnx(path)


def test_numbers_beyond_32_bits_and_texts_are_refused(tmp_path: Path) -> None:
    whole, text = TensorProto.INT64, TensorProto.STRING
    add = helper.make_node("Add", ["x", "more"], ["y"])
    path = saved(tmp_path / "a.onnx", [add], [value("x", ["N"], whole)], [value("y", ["N"], whole)], more=[1 << 40])
    with pytest.raises(ModelFileError, match=r"Add \(whole numbers beyond 32 bits\) otherwise"):
        run(path, "openvino", np.array([1]))
    equal, truth = helper.make_node("Equal", ["x", "more"], ["y"]), TensorProto.BOOL
    path = saved(tmp_path / "e.onnx", [equal], [value("x", ["N"], whole)], [value("y", ["N"], truth)], more=[1 << 40])
    with pytest.raises(ModelFileError, match=r"Equal \(whole"):  # to OpenVINO, 1 << 40 is equal to (1 << 31) - 1
        run(path, "openvino", np.array([1]))
    same = helper.make_node("Identity", ["x"], ["y"])
    path = saved(tmp_path / "b.onnx", [same], [value("x", ["N"], text)], [value("y", ["N"], text)])
    with pytest.raises(ModelFileError, match="'x' is string, in which target 'openvino' does not compute"):
        run(path, "openvino", np.array(["a"]))
