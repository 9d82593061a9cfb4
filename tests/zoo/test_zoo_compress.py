"""zoo compress: as little as possible stays in float32, and a file that fails its gate is never written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.base import Engine
from zoo.accuracy.comparison import Comparison
from zoo.commands import compress, valid
from zoo.compressing.candidates import Candidates, Place
from zoo.compressing.compress import CompressOptions
from zoo.compressing.compress import compress as compressing
from zoo.compressing.half import HalfRounder
from zoo.compressing.search import fewest
from zoo.compressing.weight_only import WeightRounder
from zoo.errors import ZooError
from zoo.exporting.export import ExportOptions, export
from zoo.exporting.int8 import Quantiser
from zoo.family import Family
from zoo.manifest import Exported, read_manifest
from zoo.model import Model
from zoo.running.setting import Setting

pytest.importorskip("torch")


@pytest.fixture
def folder(lenet_export: Exported, tmp_path: Path) -> Path:
    """A copy of LeNet's export."""
    shutil.copytree(lenet_export.dynamic.parent, tmp_path / "lenet")
    return tmp_path / "lenet"


@pytest.fixture
def uneven(lenet: Model, tmp_path: Path) -> Path:
    """An export of the same outputs, of one channel that is far larger than the others, which int8 rounds to nothing;
    it is refused there."""
    from safetensors.torch import load_file, save_file

    weights = load_file(lenet.sample_weights)
    weights["conv1.weight"][0] *= 3000
    weights["conv1.bias"][0] *= 3000
    weights["conv2.weight"][:, 0] /= 3000
    save_file(weights, tmp_path / "weights.safetensors")
    options = ExportOptions(weights=str(tmp_path / "weights.safetensors"), int8=True)
    assert "int8" in export(lenet, tmp_path / "uneven", options).failed
    return tmp_path / "uneven"


@pytest.fixture
def too_large(lenet: Model, tmp_path: Path) -> Path:
    """An export of the same outputs, of values between two layers that float16 does not hold; it is refused there."""
    from safetensors.torch import load_file, save_file

    weights = load_file(lenet.sample_weights)
    weights["conv2.weight"] *= 3e5
    weights["conv2.bias"] *= 3e5
    weights["fc1.weight"] /= 3e5
    save_file(weights, tmp_path / "weights.safetensors")
    options = ExportOptions(weights=str(tmp_path / "weights.safetensors"))
    assert "float16" in export(lenet, tmp_path / "too_large", options).failed
    return tmp_path / "too_large"


def _run(family: Family, folder: Path, *words: object) -> int:
    return compress.main(family, ["--folder", str(folder), *map(str, words)])


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_network_that_bears_it_is_rounded_as_a_whole(
    lenet_family: Family, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (
        "--to",
        "int8",
        "--calibration",
        "percentile",
        "--calibrate_on",
        "sample",
        "--json",
        tmp_path / "said.json",
    )
    assert _run(lenet_family, folder, "--limit", 100, "--target", "onnx,openvino", *words) == 0
    both = json.loads((tmp_path / "said.json").read_text())
    assert [one["target"] for one in both] == ["onnx", "openvino"]
    for said in both:
        assert (said["float32_nodes"], said["tries"], said["comparison"]["passed"]) == ([], 1, True)
        assert said["comparison"]["contender"].startswith(said["target"])
        assert said["bytes_after"] < said["bytes_before"] / 3
    entry = read_manifest(folder / "lenet_int8_dyn.onnx")["files"]["int8"]
    assert (entry["calibration"], entry["calibrated_on"]) == ("percentile", "256 samples of sample")
    assert entry["in_float32"] == []
    assert "PASS by metric" in capsys.readouterr().out
    assert valid.main(lenet_family, ["--ckpt", str(folder / "lenet_int8_dyn.onnx"), "--dtype", "int8"]) == 0
    assert float(capsys.readouterr().out.partition("eval_metric ")[2].split()[0]) >= 0.98


def test_what_costs_most_stays_in_float32(lenet_family: Family, uneven: Path, tmp_path: Path) -> None:
    out = tmp_path / "said.json"
    assert _run(lenet_family, uneven, "--to", "int8", "--limit", 100, "--json", out) == 0
    said = json.loads(out.read_text())
    assert said["metric_before"] - said["metric_after"] <= 0.01 * said["metric_before"]
    assert any("conv1" in node for node in said["float32_nodes"])
    assert said["rounded_nodes"] >= 4
    manifest = read_manifest(uneven / "lenet_int8_dyn.onnx")
    assert manifest["files"]["int8"]["in_float32"] == said["float32_nodes"]
    assert manifest["failed"] == {}


def test_nncf_says_what_stays_in_float32(
    lenet_family: Family, uneven: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its own control first; where the gate asks for more, more stays in float32."""
    pytest.importorskip("nncf")
    words = ("--to", "int8", "--control", "nncf", "--limit", 60, "--json", tmp_path / "said.json")
    assert _run(lenet_family, uneven, *words) == 0
    assert "is not quantised" not in caplog.text  # the float32 file that its control judges first
    said = json.loads((tmp_path / "said.json").read_text())
    assert said["metric_before"] - said["metric_after"] <= 0.01 * said["metric_before"]
    assert said["rounded_nodes"] >= 3
    entry = read_manifest(uneven / "lenet_int8_dyn.onnx")["files"]["int8"]
    assert entry["calibration"].startswith("NNCF 3")
    assert entry["in_float32"] == said["float32_nodes"]
    tensors = onnx.load(uneven / "lenet_int8_dyn.onnx").graph.initializer
    weights = [numpy_helper.to_array(one).astype(int) for one in tensors if one.data_type == TensorProto.INT8]
    assert max(int(np.abs(one).max()) for one in weights) <= 64


def test_nncf_that_is_missing_is_told(
    lenet_family: Family, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "nncf", None)
    assert _run(lenet_family, folder, "--to", "int8", "--control", "nncf", "--limit", 8) == 2
    assert "NNCF is not installed: pip install" in capsys.readouterr().err


def test_what_float16_does_not_hold_stays_in_float32(
    lenet_family: Family, too_large: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Though all of it gives infinity at first, which no gate can compare."""
    out = tmp_path / "said.json"
    assert _run(lenet_family, too_large, "--to", "float16", "--limit", 100, "--json", out) == 0
    said = json.loads(out.read_text())
    assert "/conv2/Conv" in said["float32_nodes"]
    assert "/conv1/Conv" not in said["float32_nodes"]
    assert said["comparison"]["limit"] == 0.001
    assert said["tries"] > 1
    manifest = read_manifest(too_large / "lenet_float16_dyn.onnx")
    assert manifest["files"]["float16"]["in_float32"] == said["float32_nodes"]
    assert manifest["failed"] == {}
    types = {one.name: one.data_type for one in onnx.load(too_large / "lenet_float16_dyn.onnx").graph.initializer}
    assert (types["conv1.weight"], types["conv2.weight"]) == (TensorProto.FLOAT16, TensorProto.FLOAT)
    capsys.readouterr()
    words = ("--ckpt", too_large / "lenet_float16_dyn.onnx", "--dtype", "float16")
    assert valid.main(lenet_family, [str(word) for word in words]) == 0
    assert float(capsys.readouterr().out.partition("eval_metric ")[2].split()[0]) >= 0.98


def test_all_of_it_is_float16_where_that_holds(lenet_family: Family, folder: Path, tmp_path: Path) -> None:
    assert _run(lenet_family, folder, "--to", "float16", "--limit", 50, "--json", tmp_path / "said.json") == 0
    said = json.loads((tmp_path / "said.json").read_text())
    assert (said["float32_nodes"], said["tries"]) == ([], 1)
    assert said["bytes_after"] < 0.6 * said["bytes_before"]


def test_a_cast_that_stays_in_float32_gives_float32(tmp_path: Path) -> None:
    """What a mask is cast to, where what takes it stays in float32 too; the nodes have no names of their own."""
    node, value = helper.make_node, helper.make_tensor_value_info
    nodes = [
        node("Cast", ["mask"], ["real"], to=TensorProto.FLOAT),
        node("Mul", ["real", "large"], ["filled"]),
        node("Mul", ["filled", "small"], ["scaled"]),
        node("Add", ["scaled", "x"], ["y"]),
    ]
    constants = [
        helper.make_tensor(name, TensorProto.FLOAT, [], [size]) for name, size in (("large", 9e5), ("small", 1e-5))
    ]
    inputs = [value("mask", TensorProto.INT64, ["n", 4]), value("x", TensorProto.FLOAT, ["n", 4])]
    graph = helper.make_graph(nodes, "casts", inputs, [value("y", TensorProto.FLOAT, ["n", 4])], constants)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "one.onnx"
    )
    made = HalfRounder(tmp_path / "one.onnx")
    assert list(made.nodes()) == ["Cast_0", "Mul_1", "Mul_2", "Add_3"]
    mask, x = np.array([[1, 0, 1, 0]]), np.array([[0.5, 1, 2, 4]], np.float16)
    found = {}
    for keep in ([], ["Cast_0", "Mul_1", "Mul_2"]):
        made.write(tmp_path / "half.onnx", keep)
        with Engine(tmp_path / "half.onnx", dtype="float16") as engine:
            found[len(keep)] = engine([mask, x])
    assert not np.allclose(found[0], [[9.5, 1, 11, 4]], atol=0.1)  # 9e5 became 1e4
    np.testing.assert_allclose(found[3], [[9.5, 1, 11, 4]], atol=0.01)


def test_nothing_is_written_where_the_gate_never_holds(
    lenet_family: Family, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _files(folder)
    monkeypatch.setattr(Comparison, "passed", lambda self: False)
    assert _run(lenet_family, folder, "--to", "int8", "--limit", 8) == 1
    assert "nothing was written" in capsys.readouterr().err
    assert _files(folder) == before


def test_nor_where_it_holds_with_every_node_in_float32_only(
    lenet_family: Family, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before, write, whole = _files(folder), Candidates.write, [False]

    def written(self: Candidates, keep: Sequence[Place]) -> None:
        whole[0] = len(self.in_float32(keep)) == len(self.places())
        write(self, keep)

    monkeypatch.setattr(Candidates, "write", written)
    monkeypatch.setattr(Comparison, "passed", lambda self: whole[0])
    assert _run(lenet_family, folder, "--to", "int8", "--limit", 8) == 1
    assert "nothing was written" in capsys.readouterr().err
    assert _files(folder) == before


def test_nor_where_it_holds_on_one_of_two_targets_only(
    lenet_family: Family, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _files(folder)
    monkeypatch.setattr(Comparison, "passed", lambda self: self.contender.runtime != "openvino")
    assert _run(lenet_family, folder, "--to", "int8", "--limit", 8, "--target", "onnx,openvino") == 1
    assert "the gate does not hold on openvino" in capsys.readouterr().err
    assert _files(folder) == before


def test_nor_where_it_holds_against_the_float32_file_only(
    lenet_family: Family, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _files(folder)
    monkeypatch.setattr(Comparison, "passed", lambda self: self.baseline.runtime == "onnxruntime")
    assert _run(lenet_family, folder, "--to", "int8", "--limit", 8) == 1
    assert "from the framework's; nothing was written" in capsys.readouterr().err
    assert _files(folder) == before


@pytest.mark.parametrize("needed", [1, 2, 3, 11, 60, 94])
def test_the_search_takes_few_tries_and_ends_near_the_fewest(needed: int) -> None:
    tried: list[int] = []

    def passes(keep: Sequence[Any]) -> bool:
        tried.append(len(keep))
        return len(keep) >= needed

    found = fewest(passes, [("", str(number)) for number in range(100)])
    assert found is not None
    assert needed <= len(found) <= needed + 5
    assert len(found) in tried
    assert len(tried) <= 12


def test_the_search_finds_nothing_where_only_float32_is_enough() -> None:
    assert fewest(lambda keep: False, [("", str(number)) for number in range(10)]) is None
    assert fewest(lambda keep: True, []) is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--weights int4 --target openvino", "target 'openvino' does not have"),
        ("--to int8 --target cpu", "target 'cpu' does not compute in int8"),
        ("--to int8 --output elsewhere", "leave --output out"),
        ("--to float16 --control nncf", "--control nncf is of int8 files"),
        ("--weights int4 --calibration entropy", "--calibration entropy is of int8 files"),
        ("--to float16 --weight_bits 8", "--weight_bits 8 is of int8 files"),
        ("--to int8 --control nncf --calibration entropy", "NNCF finds ranges in its own way"),
    ],
)
def test_what_cannot_be_is_told(
    lenet_family: Family, folder: Path, words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(lenet_family, folder, *words.split()) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--prune 30% --weight_bits 8", "--weight_bits is not of --prune"),
        ("--to int8 --epochs 3", "--epochs is not of rounding"),
    ],
)
def test_what_an_option_would_not_change_is_told(
    lenet_family: Family, folder: Path, words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        _run(lenet_family, folder, *words.split())
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_bits_that_no_weight_has_are_told(lenet: Model, folder: Path) -> None:
    with pytest.raises(ZooError, match="weights of int8 have 7 or 8 bits, not 6"):
        compressing(Setting(lenet, folder=folder), CompressOptions(weight_bits=6))


def test_a_network_without_anything_to_round_is_told(
    lenet_family: Family, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Quantiser, "nodes", lambda _: {})
    before = _files(folder)
    assert _run(lenet_family, folder, "--to", "int8") == 2
    assert "classification/lenet has nothing that int8 makes smaller" in capsys.readouterr().err
    assert _files(folder) == before


@pytest.mark.parametrize("text", ["0.01", "1%", "1 %"])
def test_a_share_is_written_either_way(text: str) -> None:
    assert compress.share(text) == pytest.approx(0.01)


@pytest.mark.parametrize("flag", ["--max_drop", "--max-drop"])
@pytest.mark.parametrize("text", ["-1%", "100%", "one", "1%%", "nan", "1% or so"])
def test_what_is_no_share_is_told(
    lenet_family: Family, folder: Path, text: str, flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        _run(lenet_family, folder, "--to", "int8", f"{flag}={text}")
    assert raised.value.code == 2
    assert "a share such as 1% or 0.01" in capsys.readouterr().err


@pytest.fixture(scope="module")
def matrices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A MatMul and a Gemm with constant matrices, and a MatMul of two that are computed."""
    random = np.random.default_rng(0)
    constants = {name: (random.standard_normal((64, 64)) / 8).astype(np.float32) for name in ("a.w", "b.w")}
    constants |= {"b.bias": random.standard_normal(64).astype(np.float32), "flat": np.array([-1, 64], np.int64)}
    constants["whole"] = np.array([-1, 4, 64], np.int64)
    node = helper.make_node
    nodes = [
        node("MatMul", ["x", "a.w"], ["a"], name="a"),
        node("Reshape", ["a", "flat"], ["a.flat"], name="a.flat"),
        node("Gemm", ["a.flat", "b.w", "b.bias"], ["b.flat"], name="b", transB=1),
        node("Reshape", ["b.flat", "whole"], ["b"], name="b.whole"),
        node("Transpose", ["b"], ["t"], name="t", perm=[0, 2, 1]),
        node("MatMul", ["a", "t"], ["y"], name="y"),
    ]
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 4, size])
        for name, size in (("x", 64), ("a", 64), ("y", 4))
    ]
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "matrices", values[:1], values[1:], tensors)
    path = tmp_path_factory.mktemp("matrices") / "matrices.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.mark.parametrize(("kind", "bits"), [("int8", 8), ("int4", 4)])
def test_weights_alone_are_rounded(matrices: Path, tmp_path: Path, kind: str, bits: int) -> None:
    """By a step at most, of which the largest weight of a block has half as many as there are numbers."""
    made = WeightRounder(matrices, kind)
    assert list(made.nodes()) == ["a", "b"]
    made.write(tmp_path / "rounded.onnx")
    saved = 2 * 64 * 64 * (4 - bits / 8 - 4 / 32)  # of 4 bytes a weight, with 4 bytes a scale of 32 weights
    described = 1000  # bytes for the new nodes
    assert (tmp_path / "rounded.onnx").stat().st_size < matrices.stat().st_size - saved + described
    x = np.random.default_rng(1).standard_normal((2, 4, 64)).astype(np.float32)
    with Engine(matrices) as plain, Engine(tmp_path / "rounded.onnx") as rounded:
        outputs = plain(x)
        wanted, got = outputs[0], rounded(x)[0]
    weights = next(one for one in onnx.load(matrices).graph.initializer if one.name == "a.w")
    step = np.abs(numpy_helper.to_array(weights)).max() / 2 ** (bits - 1)
    assert not np.array_equal(got, wanted)
    assert (np.abs(got - wanted) <= np.abs(x).sum(axis=2, keepdims=True) * step).all()
    made.write_float32(tmp_path / "same.onnx")
    with Engine(tmp_path / "same.onnx") as same:
        np.testing.assert_allclose(same(x)[1], outputs[1], rtol=1e-4, atol=1e-4)
    made.write(tmp_path / "half.onnx", ["a"])
    kinds = [node.op_type for node in onnx.load(tmp_path / "half.onnx").graph.node]
    assert kinds.count("MatMulNBits") == 1


def test_a_network_without_constant_matrices_is_told(matrices: Path, tmp_path: Path) -> None:
    model = onnx.load(matrices)
    del model.graph.node[:-2], model.graph.initializer[:], model.graph.output[0]
    model.graph.node[0].input[0] = model.graph.node[1].input[0] = "x"
    onnx.save(model, tmp_path / "computed.onnx")
    with pytest.raises(ZooError, match=r"computed\.onnx has no MatMul or Gemm with a constant matrix"):
        WeightRounder(tmp_path / "computed.onnx", "int8")


def test_an_old_onnxruntime_is_told(matrices: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime.quantization.matmul_nbits_quantizer", None)
    with pytest.raises(ZooError, match="does not round weights alone to 4 bits"):
        WeightRounder(matrices, "int4").write(tmp_path / "rounded.onnx")
