"""int8: what is written, what it was calibrated on, and that the guide's limit against the framework judges it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from engine import backends
from utils.datasets.samples.digits import load_split
from zoo.accuracy.verify import VerifyOptions, verify
from zoo.commands import run, tune, valid
from zoo.commands.verify import main
from zoo.errors import ZooError
from zoo.exporting.export import ExportOptions, export
from zoo.family import Family
from zoo.manifest import Exported, read_manifest
from zoo.model import Model
from zoo.running.setting import Setting

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def quantised(lenet: Model, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Read it, do not change it."""
    return export(lenet, tmp_path_factory.mktemp("int8"), ExportOptions(int8=True))


def test_the_file_is_quantised_a_channel_and_keeps_its_dynamic_batch(quantised: Exported) -> None:
    path = quantised.paths["int8"]
    assert path.name == "lenet_int8_dyn.onnx"
    graph = onnx.load(path).graph
    tensors = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    weights = [array for array in tensors.values() if array.dtype == np.int8 and array.ndim > 1]
    assert len(weights) == 5
    assert all(np.abs(array.astype(int)).max() <= 64 for array in weights)  # 7 bits: right on every processor
    assert (6,) in {array.shape for array in tensors.values() if array.dtype == np.float32}  # a scale a channel
    entry = json.loads(quantised.manifest.read_text())["files"]["int8"]
    assert entry["inputs"] == [{"name": "input", "dtype": "float32", "shape": ["batch", 1, 32, 32]}]
    assert entry["calibrated_on"] == "256 samples that no validation uses"
    assert 1e-3 < entry["difference"]["relative"] < 0.16


def test_calibration_never_sees_what_is_validated_on(lenet: Model) -> None:
    assert lenet.calibration is not None
    images = [np.asarray(image) for image in lenet.calibration()]
    train, held_out = load_split()
    assert not set(train.indices) & set(held_out.indices)
    assert all(np.array_equal(*pair) for pair in zip(images, train.images, strict=False))


@pytest.mark.parametrize("target", ["onnx", "openvino"])
def test_it_is_held_against_the_framework_by_the_guides_limit(lenet: Model, quantised: Exported, target: str) -> None:
    if not backends.targets()[target].availability().usable:
        pytest.skip(f"{target} is not installed")
    done = verify(Setting(lenet, folder=quantised.manifest.parent, target=target), VerifyOptions(["int8"]))
    comparison = done.comparisons[-1]
    assert (comparison.contender.dtype, comparison.baseline.runtime, comparison.limit) == ("int8", "torch", 0.01)
    assert comparison.judged_by() == ["metric"]
    assert done.passed()


def test_by_default_it_is_verified_where_it_was_exported(
    lenet: Model, quantised: Exported, lenet_export: Exported
) -> None:
    for exported, dtypes in ((quantised, ["float16", "int8"]), (lenet_export, ["float16"])):
        done = verify(Setting(lenet, folder=exported.manifest.parent), VerifyOptions(limit=20))
        assert [one.dtype for one in done.contenders[2:]] == dtypes


def test_a_quantised_file_that_lost_its_accuracy_fails(
    lenet_family: Family, quantised: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from zoo_core.hashing import sha256

    for path in quantised.files():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    path = tmp_path / quantised.paths["int8"].name
    graph, before = onnx.load(path), sha256(path)
    bias = next(tensor for tensor in graph.graph.initializer if tensor.name.startswith("fc3.bias"))
    values = onnx.numpy_helper.to_array(bias)
    bias.CopyFrom(onnx.numpy_helper.from_array(values[::-1] + np.arange(10, dtype=values.dtype) * 5000, bias.name))
    onnx.save(graph, path)
    manifest = tmp_path / quantised.manifest.name
    manifest.write_text(manifest.read_text().replace(before, sha256(path)))
    assert main(lenet_family, ["--folder", str(tmp_path), "--dtype", "int8"]) == 1
    assert "failed: onnxruntime int8 against torch float32" in capsys.readouterr().err


def test_validation_runs_it(lenet_family: Family, quantised: Exported, capsys: pytest.CaptureFixture[str]) -> None:
    assert valid.main(lenet_family, ["--ckpt", str(quantised.paths["int8"]), "--dtype", "int8"]) == 0
    assert float(capsys.readouterr().out.partition("eval_metric ")[2].split()[0]) >= 0.98


def test_a_file_that_is_not_quantised_is_told(
    lenet_family: Family, quantised: Exported, caplog: pytest.LogCaptureFixture
) -> None:
    assert valid.main(lenet_family, ["--ckpt", str(quantised.dynamic), "--dtype", "int8"]) == 0
    assert "is not quantised: the file decides, and --dtype int8 changes nothing" in caplog.text


def test_zoo_run_exports_it_and_predicts_with_it(
    lenet_family: Family, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--dtype", "int8", "--dtype", "float16", "--output", str(tmp_path), "--limit", "100"]
    assert run.main(lenet_family, words) == 0
    assert capsys.readouterr().out.count("PASS by ") == 3
    said = json.loads((tmp_path / "multi.json").read_text())
    assert Path(said["ckpt"]).name == "lenet_int8_dyn.onnx"
    assert [one["classes"][0]["label"] for one in said["predictions"]] == list("0123456789")


def test_without_an_export_the_way_is_told(
    lenet_family: Family, lenet_export: Exported, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(lenet_export.manifest.parent)
    assert main(lenet_family, ["--folder", folder, "--dtype", "int8"]) == 2
    assert "lenet_int8_dyn.onnx; export it first (python export_onnx.py --dtype int8)" in capsys.readouterr().err
    assert tune.main(lenet_family, ["--folder", folder, "--dtype", "int8"]) == 2
    assert "--dtype int8" in capsys.readouterr().err
    assert valid.main(lenet_family, ["--target", "cpu", "--dtype", "int8", "--ckpt", str(lenet_export.dynamic)]) == 2
    assert "dtype is one of float32, float16" in capsys.readouterr().err


def test_int8_without_the_onnx_file_is_no_export(lenet: Model, tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="int8 is made of the ONNX file"):
        export(lenet, tmp_path, ExportOptions(formats=(), int8=True))


def test_a_later_export_of_another_network_leaves_no_int8_file_of_the_earlier_one(lenet: Model, tmp_path: Path) -> None:
    export(lenet, tmp_path, ExportOptions(int8=True))
    int8 = tmp_path / "lenet_int8_dyn.onnx"
    export(lenet, tmp_path)
    assert int8.is_file()
    export(lenet, tmp_path, ExportOptions(weights="random"))
    assert not int8.exists()


def test_an_int8_file_that_was_deleted_is_no_hindrance(lenet: Model, tmp_path: Path) -> None:
    export(lenet, tmp_path, ExportOptions(int8=True))
    (tmp_path / "lenet_int8_dyn.onnx").unlink()
    assert "int8" not in read_manifest(export(lenet, tmp_path).dynamic)["files"]
