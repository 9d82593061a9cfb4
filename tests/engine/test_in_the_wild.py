"""Scripts in the forms that contributors write for the original engine, run as they are, as processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from engine import backends
from engine.base import Engine, InputError, OptionError, ShapeError
from engine.tecoinfer_pytorch import TecoInferEngine

SCRIPTS = Path(__file__).with_name("in_the_wild")


def run(script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, str(SCRIPTS / script), *map(str, arguments)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture
def pooling(tmp_path: Path) -> Path:
    """The mean of each channel of [batch, 3, height, width]."""
    x = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, "height", "width"])
    y = helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 3])
    nodes = [
        helper.make_node("GlobalAveragePool", ["input"], ["p"]),
        helper.make_node("Flatten", ["p"], ["output"]),
    ]
    model = helper.make_model(helper.make_graph(nodes, "g", [x], [y]), opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, tmp_path / "pooling.onnx")
    return tmp_path / "pooling.onnx"


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """input_ids * 2 + attention_mask, of [batch, length]."""
    kind, shape = TensorProto.INT64, ["batch", "length"]
    values = [helper.make_tensor_value_info(name, kind, shape) for name in ("input_ids", "attention_mask", "y")]
    nodes = [
        helper.make_node("Add", ["input_ids", "input_ids"], ["twice"]),
        helper.make_node("Add", ["twice", "attention_mask"], ["y"]),
    ]
    graph = helper.make_graph(nodes, "g", values[:2], values[2:])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "text.onnx"
    )
    return tmp_path / "text.onnx"


@pytest.mark.parametrize("name", ["resnet50", "", "input"])
@pytest.mark.parametrize("target", ["onnx", "cpu", "openvino"])
def test_a_classifier(pooling: Path, name: str, target: str) -> None:
    if not backends.targets()[target].availability().usable:
        pytest.skip(f"no {target}")
    done = run("classifier.py", "--ckpt", pooling, "--input_name", name, "--target", target)
    lines = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert lines["backend"] == {"onnx": "onnxruntime", "cpu": "tvm", "openvino": "openvino"}[target]
    assert lines["facts"] == "pooling pooling.onnx 8 ['input']"
    x = np.random.default_rng(0).standard_normal((9, 3, 8, 8)).astype("float16").astype("float32")
    sums = x.mean(axis=(2, 3)).sum(axis=1)
    np.testing.assert_allclose([float(word) for word in lines["sums"].split()], sums, atol=2e-3)
    assert ("input_name is resnet50" in done.stderr) == (name == "resnet50")
    if target == "onnx":
        assert lines["session"] == "['input']"
        assert lines["module"] == "True"


def test_a_detector(pooling: Path) -> None:
    done = run("detector.py", pooling)
    assert done.stdout.splitlines() == ["found (1, 3) True"] * 2
    assert done.stderr.count("knows no num_workers") == 1


@pytest.mark.parametrize("order", ["graph", "swapped"])
def test_a_text_model(text: Path, order: str) -> None:
    done = run("text.py", text, order)
    assert done.stdout == f"sum {2 * sum(range(200)) + 200}\n"
    assert done.stderr.count("dropped: number 3") == 1


def test_keywords_of_paddle_scripts(pooling: Path) -> None:
    done = run("paddle_keywords.py", pooling)
    assert done.stdout == "out (4, 3) resnet50_paddle\n"
    assert done.stderr.count("knows no divided, half") == 1


def test_a_fixed_batch_is_run_in_pieces_for_scripts(doubling: Callable[..., Path]) -> None:
    """For them, dimension 0 is the batch."""
    x = np.ones((5, 3), np.float32)
    with TecoInferEngine(doubling([2, 3]), "m", "onnx", 8, [[2, 3]]) as engine:
        assert engine(x).shape == (5, 3)


def test_the_engine_itself_stays_strict(doubling: Callable[..., Path]) -> None:
    path = doubling(["batch", "width"])
    with pytest.raises(OptionError, match="has no option half"):
        Engine(path, half=True)
    with pytest.raises(InputError, match="input_name is resnet50"):
        Engine(path, input_name="resnet50")
    with Engine(path, input_size=[[1, 3]]) as engine:
        with pytest.raises(ShapeError):
            engine(np.ones((1, 4), np.float32))
        with pytest.raises(InputError, match="takes 1 inputs"):
            engine([np.ones((1, 3), np.float32)] * 2)
        with pytest.raises(TypeError):
            engine(np.ones((1, 3), np.float32), num_workers=1)
