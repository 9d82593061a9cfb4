"""Every misuse is caught before the runtime sees it, and says what was expected and what came."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import backends
from engine.backends.base import Availability, Options, Session
from engine.base import (
    DtypeError,
    Engine,
    EngineError,
    InputError,
    ModelFileError,
    NotFiniteError,
    OptionError,
    ReleasedError,
    RunError,
    ShapeError,
    TargetUnavailableError,
    UnknownTargetError,
)
from engine.spec import TensorSpec

Write = Callable[..., Path]
ONES = np.ones((2, 3), np.float32)


class Watched(Session):
    """A session that fails the test if anything reaches it."""

    inputs = (TensorSpec("x", "float32", ("batch", 3)), TensorSpec("ids", "int64", ("batch", "length")))
    outputs = (TensorSpec("y", "float32", ("batch", 3)),)

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        raise AssertionError("a wrong input reached the runtime")


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        (ONES, InputError, ["takes 2 inputs", "x: float32[batch, 3]", "got 1"]),
        ([ONES, ONES, ONES], InputError, ["takes 2 inputs", "got 3"]),
        ({"x": ONES}, InputError, ["missing: ids"]),
        ({"x": ONES, "ids": ONES, "mask": ONES}, InputError, ["unknown: mask"]),
        ([[1, 2], ONES], InputError, ["x: float32[batch, 3]", "takes an array", "list"]),
        (["x", ONES], InputError, ["takes an array", "str"]),
        ([ONES[0], np.ones((2, 3), np.int64)], ShapeError, ["'x:", "2 dimensions", "got 1: [3]"]),
        ([np.ones((2, 4), np.float32), np.ones((2, 3), np.int64)], ShapeError, ["takes 3 in dimension 1", "got 4"]),
        ([ONES, np.ones((5, 3), np.int64)], ShapeError, ["dimension 'batch' differs", "x [2, 3]", "ids [5, 3]"]),
        ([ONES, ONES], DtypeError, ["'ids:", "takes int64", "got float32"]),
        (
            [ONES.astype(np.float64), np.ones((2, 3), np.int64)],
            DtypeError,
            ["takes float32", "float64", "dtype='float32'"],
        ),
        ([ONES.astype(complex), np.ones((2, 3), np.int64)], DtypeError, ["complex128"]),
        (
            [np.full((2, 3), np.nan, np.float32), np.ones((2, 3), np.int64)],
            NotFiniteError,
            ["'x:", "6 values", "[0, 0]"],
        ),
        ([np.float32([[1, 2, 3], [4, np.inf, 6]]), np.ones((2, 3), np.int64)], NotFiniteError, ["1 values", "[1, 1]"]),
    ],
)
def test_wrong_inputs_never_reach_the_runtime(given: Any, kind: type[EngineError], words: list[str]) -> None:
    engine = Engine.from_session(Watched(), "watched", "watched", check_finite=True)
    for call in (engine, engine.submit):
        with pytest.raises(kind) as caught:
            call(given)
        assert type(caught.value) is kind
        for word in words:
            assert word in str(caught.value)


def test_rows_of_a_fixed_batch_must_agree(network: Write) -> None:
    from onnx import TensorProto, helper

    a, b, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [4, 3]) for name in "aby")
    path = network([("Add", ["a", "b"], ["y"])], [a, b], [y])
    with Engine(path, batch_first=True) as engine, pytest.raises(ShapeError, match="rows"):
        engine([np.ones((5, 3), np.float32), np.ones((6, 3), np.float32)])


def test_an_output_without_rows_is_not_put_together_from_pieces(network: Write) -> None:
    from onnx import TensorProto, helper

    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [4, 3])
    total = helper.make_tensor_value_info("total", TensorProto.FLOAT, [1, 1])
    with Engine(network([("ReduceSum", ["x"], ["total"])], [x], [total]), batch_first=True) as engine:
        assert engine(np.ones((4, 3), np.float32)) == 12
        for count in (3, 8):
            with pytest.raises(ShapeError, match="no batch dimension"):
                engine(np.ones((count, 3), np.float32))


def test_nan_passes_unless_the_check_was_asked_for(doubling: Write) -> None:
    with Engine(doubling(["batch", 3])) as engine:
        assert np.isnan(engine(np.full((1, 3), np.nan, np.float32))).all()


def test_unknown_target_lists_what_can_be_used(doubling: Write) -> None:
    with pytest.raises(UnknownTargetError, match=r"unknown target 'tpu'\. Usable here: .*onnx"):
        Engine(doubling([1, 3]), target="tpu")


def test_a_target_whose_runtime_is_missing_says_what_to_install(
    doubling: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Missing:
        target, name, summary = "missing", "missing", "a runtime that is not installed"

        def availability(self) -> Availability:
            return Availability(False, "needs missing: pip install missing")

        def open(self, ckpt: Path, options: Options) -> Session:
            raise AssertionError("opened although not usable")

    backends.targets()
    monkeypatch.setattr(backends, "_registry", dict(backends._registry))
    backends.register(Missing())
    with pytest.raises(TargetUnavailableError, match=r"not usable here: needs missing: pip install missing"):
        Engine(doubling([1, 3]), target="missing")
    with pytest.raises(UnknownTargetError, match=r"Not usable: .*missing \(needs missing"):
        Engine(doubling([1, 3]), target="other")


def test_missing_damaged_and_foreign_files(tmp_path: Path, doubling: Write) -> None:
    whole = doubling(["batch", 3]).read_bytes()
    with pytest.raises(ModelFileError, match="export it first"):
        Engine(tmp_path / "none.onnx")
    with pytest.raises(ModelFileError, match="is a folder"):
        Engine(tmp_path)
    cut = whole[: len(whole) // 2]
    (tmp_path / "cut.onnx").write_bytes(cut)
    with pytest.raises(ModelFileError, match=rf"cut.onnx \({len(cut)} bytes\).*truncated"):
        Engine(tmp_path / "cut.onnx")


@pytest.mark.parametrize("target", ["onnx", "openvino", "cpu"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 98\n", "it is a Git-LFS pointer"),
        (b"\n<!DOCTYPE html><html><body>Sign in</body></html>", "it is an HTML page"),
        (b"404: Not Found", 'it is a text that begins with "404: Not Found"'),
        (b"\x1f\x8b\x08", "packed with gzip: unpack it first"),
        (b"PK\x03\x04data.pkl", "it is a zip archive, as torch.save writes checkpoints"),
        (b"\x80\x02}q\x00.", "it is a pickle"),
    ],
)
def test_what_is_no_model_is_called_what_it_is(tmp_path: Path, target: str, content: bytes, words: str) -> None:
    if not backends.targets()[target].availability().usable:
        pytest.skip(f"no {target}")
    (tmp_path / "model.onnx").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"model\.onnx is no ONNX model: ") as caught:
        Engine(tmp_path / "model.onnx", target=target, input_size=[[1, 3]])
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"input_name": "image"}, InputError, "input_name is image, but the model's inputs are: x"),
        ({"input_name": ["x", "y"]}, InputError, "x, y"),
        ({"input_size": [[1, 4]]}, ShapeError, "asks for 4 in dimension 1"),
        ({"input_size": [[1, 3, 3]]}, ShapeError, "3 dimensions"),
        ({"input_size": [[1, 3], [1, 3]]}, ShapeError, "list of 1 shapes"),
        ({"input_size": [1, 3]}, ShapeError, "list of shapes"),
        ({"dtype": "int3"}, OptionError, "float16, float32"),
        ({"batch_size": 0}, OptionError, "at least 1"),
        ({"batch_size": "8"}, OptionError, "got '8'"),
        ({"target": None}, UnknownTargetError, "got None"),
        ({"target": "onnx:GPU"}, OptionError, "no devices"),
        ({"input_size": 5}, ShapeError, "list of shapes"),
        ({"input_size": [[1, None]]}, ShapeError, "list of shapes"),
        ({"input_size": ["ab"]}, ShapeError, "list of shapes"),
        ({"options": {"treads": 2}}, OptionError, "no option treads; it has: threads"),
        ({"options": {"threads": -1}}, OptionError, "number of threads"),
        ({"options": {"graph_optimization": "most"}}, OptionError, "none, basic"),
    ],
)
def test_wrong_arguments(doubling: Write, arguments: dict[str, Any], kind: type[EngineError], words: str) -> None:
    with pytest.raises(kind) as caught:
        Engine(doubling(["batch", 3]), **arguments)
    assert words in str(caught.value)


def test_after_release_only_release_works(doubling: Write) -> None:
    engine = Engine(doubling(["batch", 3]))
    engine.release()
    engine.release()
    for use in (lambda: engine(ONES), lambda: engine.submit(ONES), lambda: engine.init_module(0)):
        with pytest.raises(ReleasedError, match="released"):
            use()


def test_a_failure_of_the_runtime_is_told_as_one(network: Write) -> None:
    from onnx import TensorProto, helper

    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", "width"])
    w = helper.make_tensor_value_info("w", TensorProto.FLOAT, ["height", 3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])
    with (
        Engine(network([("MatMul", ["x", "w"], ["y"])], [x, w], [y])) as engine,
        pytest.raises(RunError, match="target 'onnx' failed"),
    ):
        engine([np.ones((2, 4), np.float32), np.ones((5, 3), np.float32)])


def test_a_path_is_a_path() -> None:
    with pytest.raises(ModelFileError, match="ckpt is the path of a model file, got None"):
        Engine(None)  # type: ignore[arg-type]


def test_sizes_may_be_an_array(doubling: Write) -> None:
    with Engine(doubling(["batch", "width"]), input_size=np.array([[1, 5]])) as engine:  # type: ignore[arg-type]
        assert engine.inputs[0].shape == ("batch", 5)


def test_a_tensor_that_refuses_to_be_an_array(doubling: Write) -> None:
    torch = pytest.importorskip("torch")
    with Engine(doubling(["batch", 3])) as engine, pytest.raises(InputError, match="cannot be made an array"):
        engine(torch.ones(2, 3, requires_grad=True))


def test_pieces_of_different_shapes_are_not_put_together() -> None:
    class Shrinking(Session):
        inputs = (TensorSpec("x", "float32", (2, 3)),)
        outputs = (TensorSpec("y", "float32", (2, "n")),)
        takes_rows = (True,)
        width = 4

        def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
            self.width -= 1
            return [np.ones((2, self.width), np.float32)]

    engine = Engine.from_session(Shrinking(), "shrinking", "shrinking")
    with pytest.raises(ShapeError, match="cannot be put together"):
        engine(np.ones((4, 3), np.float32))


def test_every_error_is_an_engine_error() -> None:
    from engine import errors

    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind.__module__ == errors.__name__]
    assert len(kinds) > 8
    assert all(issubclass(kind, EngineError) for kind in kinds)


def test_capped_scores_are_refused_where_onnx_runtime_is_an_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1.23 computes them otherwise than ONNX says, without a word."""
    import onnx
    import onnxruntime

    def graph(**attributes: float) -> Path:
        names = [onnx.helper.make_tensor_value_info(name, 1, [1, 2, 3, 4]) for name in "qkvy"]
        node = onnx.helper.make_node("Attention", ["q", "k", "v"], ["y"], name="scores", **attributes)
        opset = [onnx.helper.make_opsetid("", 23)]
        path = tmp_path / "attention.onnx"
        made = onnx.helper.make_graph([node], "g", names[:3], names[3:])
        onnx.save(onnx.helper.make_model(made, opset_imports=opset, ir_version=10), path)
        return path

    monkeypatch.setattr(onnxruntime, "__version__", "1.23.2")
    with pytest.raises(ModelFileError, match=r"computes Attention scores \(softcap, .*\) otherwise than ONNX says"):
        Engine(graph(softcap=2.0), target="onnx")
    Engine(graph(), target="onnx").release()
    monkeypatch.setattr(onnxruntime, "__version__", "1.31.0")
    Engine(graph(softcap=2.0), target="onnx").release()
