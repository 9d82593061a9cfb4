"""What comes out of an engine for what goes in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.base import PASS_PATH, Engine
from engine.tecoinfer_paddle import TecoInferEngine as PaddleEngine
from engine.tecoinfer_pytorch import TecoInferEngine

Write = Callable[..., Path]


def rows(count: int, dtype: str = "float32") -> np.ndarray:
    return np.arange(count * 3, dtype=dtype).reshape(count, 3)


@pytest.mark.parametrize("engine_class", [TecoInferEngine, PaddleEngine])
def test_the_guides_constructor_call(engine_class: type[Engine], doubling: Write) -> None:
    engine = engine_class(
        ckpt=str(doubling(["batch", 3])),
        input_name="x",
        target="onnx",
        batch_size=16,
        input_size=[[4, 3]],
        dtype="float32",
        pass_path=PASS_PATH / "default_pass.py",
        task="classification",
        model="m",
        model_name="m",
        backend="onnxruntime",
        save_engine=False,
        rank=0,
        devide=None,
        card_bs1=False,
    )
    assert engine.backend == "onnxruntime"
    assert np.array_equal(engine(rows(16), conf_thres=0.1, iou_thres=0.2, max_det=3, batch_padding=True), rows(16) * 2)
    assert engine.run_time > 0
    engine.init_module(0)
    engine.release()


def test_pass_files_that_scripts_name_exist() -> None:
    assert (PASS_PATH / "default_pass.py").is_file()
    assert (PASS_PATH / "resnet/resnet_pass.py").is_file()


@pytest.mark.parametrize("fixed", [1, 4])
@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 8, 11])
def test_a_fixed_batch_serves_any_number_of_rows(doubling: Write, fixed: int, count: int) -> None:
    with Engine(doubling([fixed, 3]), batch_first=True) as engine:
        out = engine(rows(count))
    assert out.dtype == np.float32
    assert np.array_equal(out, rows(count) * 2)


@pytest.mark.parametrize("count", [0, 1, 7])
def test_a_dynamic_batch_serves_any_number_of_rows(doubling: Write, count: int) -> None:
    with Engine(doubling(["batch", 3])) as engine:
        assert np.array_equal(engine(rows(count)), rows(count) * 2)


def test_several_inputs_and_outputs_by_order_and_by_name(sum_and_difference: Path) -> None:
    with Engine(sum_and_difference, input_name=["a", "b"]) as engine:
        assert [spec.name for spec in engine.inputs] == ["a", "b"]
        assert [spec.name for spec in engine.outputs] == ["sum", "difference"]
        a, b = rows(5), np.ones((5, 3), np.float32)
        for given in ([a, b], (a, b), {"b": b, "a": a}):
            total, difference = engine(given)
            assert np.array_equal(total, a + b)
            assert np.array_equal(difference, a - b)


def test_pieces_of_several_inputs_where_one_has_no_rows(network: Write) -> None:
    from onnx import TensorProto, helper

    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3])
    shift = helper.make_tensor_value_info("shift", TensorProto.FLOAT, [3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 3])
    with Engine(network([("Add", ["x", "shift"], ["y"])], [x, shift], [y]), batch_first=True) as engine:
        moved = np.float32([1, 2, 3])
        assert np.array_equal(engine([rows(5), moved]), rows(5) + moved)


@pytest.mark.parametrize("make", [np.asfortranarray, lambda a: np.repeat(a, 2, axis=0)[::2], lambda a: a[::-1][::-1]])
def test_arrays_that_are_not_contiguous(doubling: Write, make: Callable[[np.ndarray], np.ndarray]) -> None:
    with Engine(doubling(["batch", 3])) as engine:
        assert np.array_equal(engine(make(rows(6))), rows(6) * 2)


def test_read_only_arrays_are_taken_and_left_alone(doubling: Write) -> None:
    x = rows(3)
    x.flags.writeable = False
    for path in (doubling([2, 3]), doubling(["batch", 3])):
        with Engine(path, batch_first=True) as engine:
            assert np.array_equal(engine(x), rows(3) * 2)
    assert np.array_equal(x, rows(3))


@pytest.mark.parametrize(
    ("model", "given", "asked"),
    [
        ("float32", "float16", None),
        ("float32", "uint8", None),
        ("float32", "float64", "float32"),
        ("float16", "float32", "float16"),
        ("int64", "int32", None),
        ("int64", "uint8", None),
    ],
)
def test_dtypes_that_are_converted(doubling: Write, model: str, given: str, asked: str | None) -> None:
    with Engine(doubling(["batch", 3], model), dtype=asked) as engine:
        out = engine(rows(4, given))
    assert out.dtype == model
    assert np.array_equal(out, rows(4, model) * 2)


def test_submit_gives_futures_in_order(doubling: Write) -> None:
    with Engine(doubling([2, 3]), batch_first=True) as engine:
        futures = [engine.submit(rows(count)) for count in range(1, 9)]
        for count, future in enumerate(futures, 1):
            assert np.array_equal(future.result(timeout=30), rows(count) * 2)


def test_release_waits_for_what_is_in_flight(doubling: Write) -> None:
    engine = Engine(doubling(["batch", 3]))
    futures = [engine.submit(rows(2000)) for _ in range(20)]
    engine.release()
    assert all(np.array_equal(future.result(timeout=0), rows(2000) * 2) for future in futures)


def test_two_engines_in_two_threads(doubling: Write) -> None:
    wrong: list[int] = []

    def work(fixed: int) -> None:
        with Engine(doubling([fixed, 3]), batch_first=True) as engine:
            wrong.extend(count for count in range(60) if not np.array_equal(engine(rows(count)), rows(count) * 2))

    threads = [threading.Thread(target=work, args=(fixed,)) for fixed in (2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert not any(thread.is_alive() for thread in threads)


def test_input_size_fixes_all_but_the_rows(doubling: Write) -> None:
    with Engine(doubling(["batch", "width"]), input_size=[[1, 5]]) as engine:
        assert engine.inputs[0].shape == ("batch", 5)
        assert engine(np.ones((7, 5), np.float32)).shape == (7, 5)


def test_what_an_engine_says_of_itself(doubling: Write) -> None:
    engine = Engine(doubling(["batch", 3]))
    assert str(engine.inputs[0]) == "x: float32[batch, 3]"
    assert "open" in repr(engine)
    engine.release()
    assert "released" in repr(engine)


@pytest.mark.parametrize(
    "option", [{"threads": 1}, {"graph_optimization": "none"}, {"arena": False}, {"inter_threads": 1}]
)
def test_the_runtimes_own_options_change_no_result(doubling: Write, option: dict[str, object]) -> None:
    with Engine(doubling(["batch", 3]), options=option) as engine:
        assert np.array_equal(engine(rows(3)), rows(3) * 2)
