"""Config and Predictor: the five steps, under Paddle Inference's names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.base import InputError, OptionError, ReleasedError, ShapeError
from engine.predictor import Config, create_predictor

from .conformance.nets import LINE, PAIR, write_onnx


def test_five_steps(tmp_path: Path) -> None:
    config = Config(str(write_onnx(PAIR, tmp_path)))
    config.set_cpu_math_library_num_threads(1)
    predictor = create_predictor(config)
    arrays = PAIR.arrays(3)
    assert predictor.get_input_names() == ["a", "b"]
    for name, array in zip(predictor.get_input_names(), arrays, strict=True):
        handle = predictor.get_input_handle(name)
        handle.reshape(array.shape)
        handle.copy_from_cpu(array)
        array.fill(7)  # it was copied
    assert predictor.run() is True
    assert predictor.get_output_names() == ["sum", "product"]
    expected = PAIR.compute(*PAIR.arrays(3))
    for name, want in zip(predictor.get_output_names(), expected, strict=True):
        output = predictor.get_output_handle(name)
        assert output.shape() == [3, 3]
        np.testing.assert_allclose(output.copy_to_cpu(), want, rtol=1e-6)
    predictor.release()
    with pytest.raises(ReleasedError):
        predictor.run()


def test_run_with_arrays(tmp_path: Path) -> None:
    config = Config(write_onnx(LINE, tmp_path))
    config.set_replicas(2)
    with create_predictor(config) as predictor:
        arrays = LINE.arrays(5)
        (got,) = predictor.run(arrays)  # type: ignore[misc]
        np.testing.assert_allclose(got, arrays[0] * 2 + 1, rtol=1e-6)


def test_misuse_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no model"):
        create_predictor(Config())
    wrong = Config(write_onnx(LINE, tmp_path))
    wrong.set_option("speed", "high")
    with pytest.raises(OptionError, match="no option speed"):
        create_predictor(wrong)
    with create_predictor(Config(write_onnx(LINE, tmp_path))) as predictor:
        with pytest.raises(InputError, match="there are: x"):
            predictor.get_input_handle("y")
        with pytest.raises(InputError, match="copy_from_cpu"):
            predictor.run()
        with pytest.raises(InputError, match=r"call run\(\) first"):
            predictor.get_output_handle("y").copy_to_cpu()
        with pytest.raises(InputError, match="is an output"):
            predictor.get_output_handle("y").copy_from_cpu(np.zeros(4))
        handle = predictor.get_input_handle("x")
        handle.reshape([2, 4])
        with pytest.raises(ShapeError, match="reshaped to"):
            handle.copy_from_cpu(np.zeros((3, 4), np.float32))
