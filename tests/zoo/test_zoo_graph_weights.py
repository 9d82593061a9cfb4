"""Weights of networks that come as an ONNX graph: all that a file has is taken, or the file is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

from zoo import catalogue
from zoo.errors import ZooError
from zoo.frameworks import onnx as graphs
from zoo.model import Model
from zoo.weights import Weights

KERNEL = np.random.default_rng(0).standard_normal((64, 32)).astype(np.float32)
BIAS = KERNEL[0]


def graph(kernel: np.ndarray = KERNEL, bias: np.ndarray = BIAS, *more: np.ndarray) -> Any:
    value = helper.make_tensor_value_info
    tensors = [numpy_helper.from_array(one, name) for one, name in zip((kernel, bias, *more), "wbc", strict=False)]
    nodes = [helper.make_node("MatMul", ["x", "w"], ["m"]), helper.make_node("Add", ["m", "b"], ["y"])]
    ends = [[value(name, TensorProto.FLOAT, None)] for name in "xy"]
    return helper.make_model(helper.make_graph(nodes, "g", *ends, tensors))


@pytest.fixture
def model() -> Model:
    """A model whose folder has the graph without its matrix."""
    skeleton = graphs.without_weights(graph())[0]
    family = catalogue.load("classification/lenet").variant()
    return replace(family, framework="onnx", build=lambda: onnx.ModelProto.FromString(skeleton.SerializeToString()))


def loaded(model: Model, path: Path, key: str = "") -> list[np.ndarray]:
    made = graphs.load(model, Weights("file", path, "", key), [])
    return [numpy_helper.to_array(tensor) for tensor in made.graph.initializer]


def test_vectors_are_the_files_own(model: Model, tmp_path: Path) -> None:
    """Training changes them as it changes matrices; those of the graph in the folder are another network's."""
    onnx.save(graph(2 * KERNEL, 3 * BIAS), tmp_path / "tuned.onnx")
    save_file({"w": 2 * KERNEL, "b": 3 * BIAS}, tmp_path / "tuned.safetensors")
    for name in ("tuned.onnx", "tuned.safetensors"):
        kernel, bias = loaded(model, tmp_path / name)
        assert (kernel == 2 * KERNEL).all()
        assert (bias == 3 * BIAS).all()


def test_a_sample_has_the_matrices_only(model: Model, tmp_path: Path) -> None:
    save_file({"w": 2 * KERNEL}, tmp_path / "sample.safetensors")
    kernel, bias = loaded(model, tmp_path / "sample.safetensors")
    assert (kernel == 2 * KERNEL).all()
    assert (bias == BIAS).all()


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float64])
@pytest.mark.parametrize("suffix", [".onnx", ".safetensors"])
def test_every_precision_is_taken(model: Model, tmp_path: Path, dtype: Any, suffix: str) -> None:
    kernel, bias = KERNEL.astype(dtype), BIAS.astype(dtype)
    path = tmp_path / f"net{suffix}"
    onnx.save(graph(kernel, bias), path) if suffix == ".onnx" else save_file({"w": kernel, "b": bias}, path)
    for got, want in zip(loaded(model, path), (kernel, bias), strict=True):
        assert got.dtype == np.float32
        assert (got == want.astype(np.float32)).all()


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ({"w": KERNEL.astype(np.int8), "b": BIAS}, r"other shape or kind \(1\): w int8 for float32"),
        ({"w": KERNEL, "b": BIAS.astype(np.int32)}, r"other shape or kind \(1\): b int32 for float32"),
        ({"w": KERNEL, "b": BIAS[:5]}, r"other shape or kind \(1\): b \[5\] for \[32\]"),
        ({"w": KERNEL, "v": KERNEL}, r"unexpected \(1\): v"),
        ({"b": BIAS}, r"missing \(1\): w"),
        ({"one.w": KERNEL, "two.w": KERNEL}, "behind 'one' and behind 'two': take them with --weights_key one"),
    ],
)
def test_a_file_of_another_network_is_refused(
    model: Model, tmp_path: Path, tensors: dict[str, np.ndarray], words: str
) -> None:
    save_file(tensors, tmp_path / "net.safetensors")
    with pytest.raises(ZooError, match=words):
        loaded(model, tmp_path / "net.safetensors")


def test_an_onnx_file_of_another_graph_is_refused(model: Model, tmp_path: Path) -> None:
    onnx.save(graph(KERNEL, BIAS, KERNEL), tmp_path / "more.onnx")
    with pytest.raises(ZooError, match=r"unexpected \(1\): c"):
        loaded(model, tmp_path / "more.onnx")
    fewer = graph()
    fewer.graph.initializer[1].name = "bias"
    onnx.save(fewer, tmp_path / "other.onnx")
    with pytest.raises(ZooError, match=r"missing \(1\): b"):
        loaded(model, tmp_path / "other.onnx")


def enlarging(number: int, kernel: np.ndarray, bias: np.ndarray) -> Any:
    """A graph whose sizes have the names that PyTorch gives them: numbers that change with every export."""
    scales, more = f"onnx::Resize_{number}", f"onnx::Concat_{number}"
    tensors = {"w": kernel, "b": bias, scales: np.float32([1, 2]), more: np.float32([1.0, 1.0])}
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["m"]),
        helper.make_node("Expand", ["b", "size"], ["e"]),
        helper.make_node("Add", ["m", "e"], ["s"]),
        helper.make_node("Mul", [scales, more], ["times"]),
        helper.make_node("Resize", ["s", "", "times"], ["y"]),
    ]
    ends = [[helper.make_tensor_value_info(name, TensorProto.FLOAT, None)] for name in "xy"]
    arrays = [numpy_helper.from_array(one, name) for name, one in tensors.items()]
    sizes = numpy_helper.from_array(np.array([1, 32]), "size")
    return helper.make_model(helper.make_graph(nodes, "g", *ends, [*arrays, sizes]))


def test_sizes_and_scales_may_have_other_names(model: Model, tmp_path: Path) -> None:
    skeleton = graphs.without_weights(enlarging(12, KERNEL, BIAS))[0].SerializeToString()
    model = replace(model, build=lambda: onnx.ModelProto.FromString(skeleton))
    onnx.save(enlarging(14, 2 * KERNEL, 3 * BIAS), tmp_path / "tuned.onnx")
    kernel, bias = loaded(model, tmp_path / "tuned.onnx")[:2]
    assert (kernel == 2 * KERNEL).all()
    assert (bias == 3 * BIAS).all()
    other = enlarging(12, KERNEL, BIAS)
    other.graph.initializer[1].name = "bias"
    onnx.save(other, tmp_path / "other.onnx")
    with pytest.raises(ZooError, match=r"missing \(1\): b"):  # an Expand's numbers, not its size
        loaded(model, tmp_path / "other.onnx")


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn"])
def test_types_that_numpy_lacks_are_read_or_called_so(tmp_path: Path, dtype: str) -> None:
    """In a process that has read none before, where numpy knows neither."""
    save(tmp_path / "net.safetensors", dtype)
    script = (
        "import sys; from pathlib import Path; from zoo.frameworks.weight_files import safetensors_arrays\n"
        "try: print(safetensors_arrays(Path(sys.argv[1]))['w'].dtype)\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "net.safetensors")]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if dtype == "bfloat16":
        assert said.strip() == dtype
    else:
        assert re.match(r"ZooError .*net\.safetensors holds numbers of a type that numpy lacks \(.*float8_e4m3fn", said)


def save(path: Path, dtype: str) -> None:
    """A tensor "w" of 1600 such numbers, as torch writes it."""
    kept = {"bfloat16": ("BF16", 2), "float8_e4m3fn": ("F8_E4M3", 1)}[dtype]
    size = 1600 * kept[1]
    header = json.dumps({"w": {"dtype": kept[0], "shape": [40, 40], "data_offsets": [0, size]}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(size))


def test_names_may_have_a_word_in_front(model: Model, tmp_path: Path) -> None:
    save_file({"module.w": 2 * KERNEL, "module.b": BIAS}, tmp_path / "net.safetensors")
    assert (loaded(model, tmp_path / "net.safetensors")[0] == 2 * KERNEL).all()
    save_file({"one.w": KERNEL, "two.w": 2 * KERNEL}, tmp_path / "two.safetensors")
    assert (loaded(model, tmp_path / "two.safetensors", key="two")[0] == 2 * KERNEL).all()


@pytest.mark.parametrize(("suffix", "words"), [(".safetensors", "damaged or cut short"), (".onnx", "no array of")])
def test_damaged_files_are_a_sentence(model: Model, tmp_path: Path, suffix: str, words: str) -> None:
    path = tmp_path / f"net{suffix}"
    if suffix == ".onnx":
        short = graph()
        short.graph.initializer[0].raw_data = bytes(100)
        onnx.save(short, path)
    else:
        save_file({"w": KERNEL, "b": BIAS}, path)
        path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ZooError, match=words):
        loaded(model, path)
