"""What a compiled engine is reused for: the same content, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, external_data_helper, helper, numpy_helper

from engine import backends
from engine.backends.compiling import cache
from engine.backends.compiling.onnx_file import operators_of
from engine.base import Engine, ModelFileError

LONG = "w" * 200 + ".data"


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TECO_ZOO_HOME", str(tmp_path / "home"))


def write(path: Path, value: float, location: str | None = None) -> Path:
    """y = x · a matrix of `value`, whose weights lie in `location` beside the graph, always at the same time."""
    weights = numpy_helper.from_array(np.full((3, 3), value, np.float32), "w")
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 3]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", values[:1], values[1:], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if location:
        external_data_helper.set_external_data(model.graph.initializer[0], location)
        (path.parent / location).parent.mkdir(parents=True, exist_ok=True)
        (path.parent / location).write_bytes(model.graph.initializer[0].raw_data)
        os.utime(path.parent / location, (1e9, 1e9))
        model.graph.initializer[0].ClearField("raw_data")
    path.write_bytes(model.SerializeToString())
    os.utime(path, (1e9, 1e9))
    return path


def answer(path: Path, target: str) -> float:
    with Engine(path, target=target, batch_size=1) as engine:
        return float(engine(np.ones((1, 3), np.float32))[0, 0])


@pytest.mark.parametrize("location", [None, "w.data", LONG, "weights/w.data"])
def test_other_weights_of_the_same_size_and_time_are_other_weights(
    tmp_path: Path, target: str, location: str | None
) -> None:
    path = tmp_path / "m.onnx"
    assert [answer(write(path, value, location), target) for value in (1, 2, 1)] == [3, 6, 3]
    assert len(cache.entries()) == 2


def test_a_damaged_blob_is_made_again(tmp_path: Path, target: str, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path / "m.onnx", 1)
    assert answer(path, target) == 3
    entry = cache.entries()[0]
    for file in entry.folder.iterdir():
        content = bytearray(file.read_bytes())
        stat = file.stat()
        for place in range(len(content) // 3, min(len(content) // 3 + 64, len(content))):
            content[place] ^= 0xFF
        file.unlink()  # a library that is loaded already must not change under its process
        file.write_bytes(content)
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert answer(path, target) == 3
        assert "compiling it again" in caplog.text
        caplog.clear()


def test_an_entry_that_was_made_for_something_else_is_made_again(tmp_path: Path, target: str) -> None:
    one, two = write(tmp_path / "one.onnx", 1), write(tmp_path / "two.onnx", 2)
    assert (answer(one, target), answer(two, target)) == (3, 6)
    first, second = (entry.folder for entry in cache.entries())
    swap = first.with_name("swap")
    first.rename(swap)
    second.rename(first)
    swap.rename(second)
    assert (answer(one, target), answer(two, target)) == (3, 6)


@pytest.mark.parametrize("opens", ["onnx", "openvino", "cpu"])
@pytest.mark.parametrize("where", ["../w.data", "/{outside}", "link.data", "folder/w.data", "gone.data", "a/../w.data"])
def test_weights_from_elsewhere_are_refused(tmp_path: Path, opens: str, where: str) -> None:
    if not backends.targets()[opens].availability().usable:
        pytest.skip(f"no {opens}")
    folder = tmp_path / "model"
    folder.mkdir()
    path = write(folder / "m.onnx", 1, "w.data")
    outside = (folder / "w.data").rename(tmp_path / "w.data")
    (folder / "link.data").symlink_to(outside)
    (folder / "folder").symlink_to(tmp_path)
    model = onnx.load(path, load_external_data=False)
    model.graph.initializer[0].external_data[0].value = where.format(outside=str(outside).lstrip("/"))
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelFileError, match="takes weights from"):
        answer(path, opens)


def test_a_key_that_would_set_an_attribute_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "m.onnx", 1, "w.data")
    model = onnx.load(path, load_external_data=False)
    extra = model.graph.initializer[0].external_data.add()
    extra.key, extra.value = "__class__", "x"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelFileError, match="unknown key '__class__'"):
        answer(path, "onnx")


def test_weights_in_branches_and_constants_are_found(tmp_path: Path) -> None:
    tensor = numpy_helper.from_array(np.ones(3, np.float32), "c")
    external_data_helper.set_external_data(tensor, "deep.data")
    tensor.ClearField("raw_data")
    (tmp_path / "deep.data").write_bytes(np.ones(3, np.float32).tobytes())
    value = helper.make_tensor_value_info("z", TensorProto.FLOAT, [3])
    branch = helper.make_graph([helper.make_node("Constant", [], ["z"], value=tensor)], "b", [], [value])
    test = helper.make_tensor_value_info("test", TensorProto.BOOL, [])
    node = helper.make_node("If", ["test"], ["y"], then_branch=branch, else_branch=branch)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [3])
    model = helper.make_model(helper.make_graph([node], "g", [test], [y]), ir_version=8)
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    first = cache.model_digest(path)
    (tmp_path / "deep.data").write_bytes(np.zeros(3, np.float32).tobytes())
    assert cache.model_digest(path) != first
    assert operators_of(path) == {"If", "Constant"}
