"""zoo debug and operators that OpenVINO is known to compute otherwise than ONNX says: it names the right node."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from engine.backends.compiling import known
from engine.errors import ModelFileError
from zoo import catalogue
from zoo.layers.compare import Compared, compare
from zoo.layers.sources import FileSource
from zoo.layers.taps import Graph, slices
from zoo.model import Model
from zoo.running.setting import Setting

pytest.importorskip("openvino")

ROOT = Path(__file__).resolve().parents[2]


def _resize(sizes: str = "sizes", **how: Any) -> list[Any]:
    return [helper.make_node("Resize", ["before", "", "", sizes], ["wrong"], name="/second/Wrong", **how)]


WRONG: dict[str, Callable[[], list[Any]]] = {
    "Resize antialias": lambda: _resize(antialias=1, mode="linear"),
    "Resize exclude_outside": lambda: _resize(exclude_outside=1, mode="cubic"),
    "Resize keep_aspect_ratio_policy": lambda: _resize(keep_aspect_ratio_policy="not_larger", axes=[2, 3], sizes="two"),
}


@pytest.fixture
def written(tmp_path: Path) -> Callable[[list[Any]], Path]:
    """A file with a convolution before a node, and an activation behind it."""

    def write(middle: list[Any]) -> Path:
        weight = np.random.default_rng(0).standard_normal((4, 3, 3, 3)).astype(np.float32)
        nodes = [
            helper.make_node("Conv", ["x", "weight"], ["before"], name="/first/Conv", pads=[1, 1, 1, 1]),
            *middle,
            helper.make_node("LeakyRelu", ["wrong"], ["y"], name="/third/LeakyRelu"),
        ]
        values = {"weight": weight, "sizes": np.array([1, 4, 5, 5], np.int64), "two": np.array([5, 8], np.int64)}
        constants = [onnx.numpy_helper.from_array(value, name) for name, value in values.items()]
        inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 12, 12])]
        outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
        graph = helper.make_graph(nodes, "wrong", inputs, outputs, constants)
        made = onnx.shape_inference.infer_shapes(
            helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
        )
        onnx.save(made, tmp_path / "wrong.onnx")
        return tmp_path / "wrong.onnx"

    return write


def _compared(lenet: Model, path: Path) -> Compared:
    """The file on OpenVINO against ONNX Runtime."""
    array = np.random.default_rng(1).random((1, 3, 12, 12), np.float32)
    graph = Graph(path, [array.shape])
    reference, contender = (FileSource(Setting(lenet, target=name), graph, [array]) for name in ("onnx", "openvino"))
    return compare("", reference, contender, graph, "float32")


@pytest.mark.parametrize("name", WRONG)
def test_the_operator_that_openvino_computes_otherwise_is_named(
    lenet: Model, written: Callable[[list[Any]], Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Were it not known and refused: the first layer that differs is this one."""
    monkeypatch.setattr(known, "KNOWN", {})
    done = _compared(lenet, written(WRONG[name]()))
    assert done.first is not None
    assert done.first.node == "/second/Wrong"
    assert done.most(1)[0].node == "/second/Wrong"
    assert ("another shape" in done.first.helps("float32")) == (name == "Resize keep_aspect_ratio_policy")


def test_what_is_refused_is_named(lenet: Model, written: Callable[[list[Any]], Path]) -> None:
    path = written(WRONG["Resize antialias"]())
    with pytest.raises(ModelFileError, match=r"computes Resize /second/Wrong \(antialias\) otherwise than ONNX says"):
        _compared(lenet, path)


def peak(path: Path, nodes: int) -> float:
    """MiB by which memory grew at most while a chain of so many nodes was compared, of 1 MiB a tensor, in slices of
    8 MiB. Memory is a process's: what it had and gave back before serves it again, so that each is measured in its own.
    """
    chain = [helper.make_node("Neg", [f"t{number}"], [f"t{number + 1}"], name=f"n{number}") for number in range(nodes)]
    first, last = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1 << 18]) for name in ("t0", f"t{nodes}"))
    made = helper.make_model(
        helper.make_graph(chain, "chain", [first], [last]), opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    onnx.save(onnx.shape_inference.infer_shapes(made), path)
    array = np.random.default_rng(0).random((1, 1 << 18), np.float32)
    graph = Graph(path, [array.shape])
    lenet = catalogue.load("classification/lenet").variant()
    reference, contender = (FileSource(Setting(lenet, target="onnx"), graph, [array]) for _ in range(2))
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _status("VmRSS")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zoo.layers.compare.slices", partial(slices, most=8 << 20))
        done = compare("", reference, contender, graph, "float32")
    assert len(done.layers) == nodes
    return _status("VmHWM") - before


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(f"{name}:"))) / 1024


def test_memory_does_not_grow_with_the_network(tmp_path: Path) -> None:
    """A chain of 128 MiB of tensors takes little more than one of 32. Kept, its 96 MiB more would be there twice."""
    code = "import sys; from pathlib import Path; from tests.zoo.test_zoo_debug_targets import peak; "
    code += "print(peak(Path(sys.argv[1]), int(sys.argv[2])))"
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'contrib'}{os.pathsep}{ROOT}"}
    found = []
    for nodes in (32, 128):
        words = [sys.executable, "-c", code, str(tmp_path / f"{nodes}.onnx"), str(nodes)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True, env=environment)
        found.append(float(done.stdout))
    short, long = found
    assert long < short + (128 - 32) / 2, (short, long)  # what the allocators keep depends on the load
