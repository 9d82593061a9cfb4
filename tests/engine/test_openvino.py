"""OpenVINO: its option `static`, compiled for one shape and used with any number of rows, and what it keeps."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.backends.compiling import cache
from engine.base import Engine, ModelFileError, OptionError
from engine.errors import InputError

pytest.importorskip("openvino")
STATIC = {"static": True}


def test_the_shape_is_fixed_and_other_numbers_of_rows_are_served(doubling: Callable[..., Path]) -> None:
    with Engine(doubling(["batch", 2]), target="openvino", batch_size=4, options=STATIC) as engine:
        assert engine.inputs[0].shape == (4, 2)
        for rows in (1, 4, 9):
            x = np.random.default_rng(rows).standard_normal((rows, 2), np.float32)
            np.testing.assert_allclose(engine(x), 2 * x)


def test_an_open_dimension_needs_a_size(doubling: Callable[..., Path]) -> None:
    path = doubling(["batch", "width"])
    with pytest.raises(OptionError, match="input_size"):
        Engine(path, target="openvino", batch_size=4, options=STATIC)
    with Engine(path, target="openvino", input_size=[[3, 5]], options=STATIC) as engine:
        assert engine(np.ones((3, 5), np.float32)).shape == (3, 5)


def test_what_openvino_cannot_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cut.onnx"
    path.write_bytes(b"\x08\x08no model")
    with pytest.raises(ModelFileError, match=r"cut\.onnx \(10 bytes\) is not a usable ONNX model; it may be truncated"):
        Engine(path, target="openvino", batch_size=1, options=STATIC)


def test_the_same_content_at_another_time_or_place_is_compiled_once(
    doubling: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TECO_ZOO_HOME", str(tmp_path / "home"))
    path = doubling(["batch", 2])
    for time in (1_000_000_000, 1_100_000_000, 1_000_000_000):
        os.utime(path, (time, time))
        Engine(path, target="openvino", batch_size=2).release()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    Engine(shutil.copy(path, elsewhere), target="openvino", batch_size=2).release()
    assert len(cache.entries()) == 1
    assert "damaged" not in caplog.text


@pytest.mark.parametrize(
    ("dtype", "value", "fits"),
    [
        ("int64", 2**31 - 1, True),
        ("int64", -(2**31), True),
        ("int64", 2**31, False),
        ("int64", -(2**31) - 1, False),
        ("uint32", 2**31 + 5, False),
        ("uint64", 2**40, False),
    ],
)
def test_whole_numbers_beyond_32_bits_are_refused(tmp_path: Path, dtype: str, value: int, fits: bool) -> None:
    """OpenVINO's CPU computes in 32 bits, and cuts them off without a word."""
    import onnx

    kind = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    ends = [onnx.helper.make_tensor_value_info(name, kind, ["batch", 2]) for name in "xy"]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "graph", ends[:1], ends[1:])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "same.onnx")
    x = np.array([[1, value]], dtype)
    with Engine(tmp_path / "same.onnx", target="openvino", batch_size=1) as engine:
        if fits:
            assert engine(x).tolist() == x.tolist()
        else:
            with pytest.raises(InputError, match=f"'x' has whole numbers from .*{value}.* computes in -2147483648 to"):
                engine(x)
        assert engine(np.zeros((3, 2), dtype)).tolist() == np.zeros((3, 2)).tolist()
