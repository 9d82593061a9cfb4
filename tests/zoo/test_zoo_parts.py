"""A network of two parts: exported part by part, compared on what the framework feeds each, and run as one."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.base import EngineError
from engine.spec import TensorSpec
from zoo.accuracy.verify import RANDOM_SAMPLES, VerifyOptions, require_passed, verify
from zoo.commands import predict, tune, valid
from zoo.commands.verify import main
from zoo.errors import CheckFailedError, ZooError
from zoo.exporting.export import ExportOptions, export
from zoo.family import Family
from zoo.manifest import Exported, read_manifest
from zoo.model import Model, Part
from zoo.packaging.package import PackageOptions, package
from zoo.running.engines import framework_runner, open_runner
from zoo.running.network import Network, recorded, replayed
from zoo.running.reference import demo_batch
from zoo.running.setting import Setting
from zoo.task import Run, as_list
from zoo.tasks.classification import ImageClassification

torch = pytest.importorskip("torch")

FILES = ["halves_body", "halves_head"]


@dataclass(frozen=True)
class InTwo(ImageClassification):
    """LeNet in two halves, with the ReLU between them in numpy."""

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        assert list(parts) == ["body", "head"]
        (features,) = as_list(parts["body"](arrays))
        return as_list(parts["head"]([np.maximum(features, 0)]))


def build(lenet: Model) -> Any:
    """LeNet's layers: `body` up to the first linear layer, `head` behind the ReLU."""
    layers = dict(lenet.build().named_children())
    place = list(layers).index("relu3")
    names = list(layers)
    network = torch.nn.Module()
    network.body = torch.nn.Sequential(*(layers[name] for name in names[:place]))
    network.head = torch.nn.Sequential(*(layers[name] for name in names[place + 1 :]))
    return network


def body(network: Any) -> Any:
    return network.body


def head(network: Any) -> Any:
    return network.head


@pytest.fixture(scope="module")
def halves(lenet: Model, tmp_path_factory: pytest.TempPathFactory) -> Family:
    """LeNet in two parts, and the folder with its export, weights included."""
    folder = tmp_path_factory.mktemp("halves")
    task = InTwo(lenet.task.transform, lenet.task.labels, lenet.task.folders)
    features = ("batch", 120)
    parts = (
        Part(lenet.part.inputs, (TensorSpec("features", "float32", features),), name="body", module=body),
        Part((TensorSpec("given", "float32", features),), lenet.part.outputs, name="head", module=head),
    )
    demos = lenet.demo_folder()

    def make(variant: str) -> Model:
        return replace(lenet, build=partial(build, lenet), parts=parts, task=task, demos=demos, title="Halves")

    return Family("classification", "halves", "Halves", folder, "pytorch", ("halves",), make)


@pytest.fixture(scope="module")
def weights(lenet: Model, halves: Family) -> str:
    """LeNet's trained weights by the names that they have in the two halves."""
    from safetensors.torch import load_file

    trained = load_file(str(lenet.sample_weights))
    names = halves.variant().build().state_dict()
    path = halves.folder / "trained.pth"
    torch.save(dict(zip(names, (trained[name].float() for name in lenet.build().state_dict()), strict=True)), path)
    return str(path)


@pytest.fixture(scope="module")
def made(halves: Family, weights: str) -> Exported:
    """Read it, do not change it."""
    return export(halves.variant(), halves.folder, ExportOptions(weights=weights, int8=True))


def test_every_part_has_its_files_and_the_manifest_all_of_them(halves: Family, made: Exported) -> None:
    suffixes = (".onnx", "_dyn.onnx", "_float16_dyn.onnx", "_int8_dyn.onnx")
    names = [f"{stem}{suffix}" for stem in FILES for suffix in suffixes]
    assert [path.name for path in made.files()] == [*names, "halves.export.json"]
    assert all(path.is_file() for path in made.files())
    manifest = read_manifest(made.manifest)
    assert list(manifest["files"]) == [
        f"{p}/{k}" for p in ("body", "head") for k in ("static", "dynamic", "float16", "int8")
    ]
    given = manifest["files"]["head/dynamic"]["inputs"]
    assert given == [{"name": "given", "dtype": "float32", "shape": ["batch", 120]}]
    assert all(entry["difference"]["relative"] < 0.16 for entry in manifest["files"].values())
    assert manifest["files"]["head/int8"]["calibrated_on"] == "256 samples that no validation uses"
    assert read_manifest(made.paths["head/float16"])["variant"] == "halves"


def test_what_several_parts_cannot_have_is_told(halves: Family) -> None:
    with pytest.raises(ZooError, match=r"consists of several graphs \(body, head\)"):
        _ = halves.variant().part
    assert halves.variant().entry.name == "body"


def test_it_passes_the_standard_in_every_dtype(halves: Family, made: Exported) -> None:
    done = verify(Setting(halves.variant(), folder=halves.folder), VerifyOptions(limit=100))
    require_passed(done)
    assert [(one.runtime, one.dtype) for one in done.contenders] == [
        ("torch", "float32"),
        ("onnxruntime", "float32"),
        ("onnxruntime", "float16"),
        ("onnxruntime", "int8"),
    ]
    assert all(one.figures()["top1"] >= 0.97 for one in done.contenders)
    assert all(len(one.differences) > 0 for one in done.comparisons)


def test_of_random_weights_some_samples_are_verified(
    halves: Family, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The metric says nothing of them, and a loop over a large decoder takes minutes for each batch."""
    export(halves.variant(), tmp_path, ExportOptions(weights="random"))
    setting = Setting(halves.variant(), folder=tmp_path)
    done = verify(setting, VerifyOptions(["float32"]))
    assert {one.samples for one in done.comparisons} == {RANDOM_SAMPLES}
    assert f"random weights: {RANDOM_SAMPLES} of " in caplog.text
    more = verify(setting, VerifyOptions(["float32"], limit=RANDOM_SAMPLES + 8))
    assert {one.samples for one in more.comparisons} == {RANDOM_SAMPLES + 8}


@pytest.mark.parametrize("part", FILES)
def test_one_part_that_lost_its_accuracy_fails(
    halves: Family, made: Exported, weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], part: str
) -> None:
    import onnx

    from zoo_core.hashing import sha256

    for path in made.files():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    path = tmp_path / f"{part}_float16_dyn.onnx"
    before, graph = sha256(path), onnx.load(path)
    bias = [one for one in graph.graph.initializer if len(one.dims) == 1][-1]
    values = onnx.numpy_helper.to_array(bias)
    bias.CopyFrom(
        onnx.numpy_helper.from_array(values[::-1] + np.arange(len(values), dtype=values.dtype) * 5, bias.name)
    )
    onnx.save(graph, path)
    manifest = tmp_path / "halves.export.json"
    manifest.write_text(manifest.read_text().replace(before, sha256(path)))
    assert main(halves, ["--folder", str(tmp_path), "--dtype", "float16", "--limit", "60"]) == 1
    assert "failed: onnxruntime float16 against onnxruntime float32" in capsys.readouterr().err


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
@pytest.mark.parametrize("named", [True, False])
def test_the_commands_take_the_manifest_or_find_the_export(
    halves: Family, made: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str], dtype: str, named: bool
) -> None:
    words = ["--dtype", dtype, *(["--ckpt", str(made.manifest)] if named else [])]
    kind = "" if dtype == "float32" else f"_{dtype}"
    files = ", ".join(str(halves.folder / f"{stem}{kind}_dyn.onnx") for stem in FILES)
    for job in (predict.single, predict.multi):
        assert job(halves, [*words, "--json", str(tmp_path / "o.json")]) == 0
        said = json.loads((tmp_path / "o.json").read_text())
        assert said["ckpt"] == files
        labels = [one["classes"][0]["label"] for one in said["predictions"]]
        assert labels == list("0123456789")[: len(labels)]
    capsys.readouterr()
    assert valid.main(halves, [*words, "--json", str(tmp_path / "v.json")]) == 0
    assert float(capsys.readouterr().out.partition("eval_metric ")[2].split()[0]) >= 0.97
    said = json.loads((tmp_path / "v.json").read_text())
    assert said["ckpt"] == files
    assert [line.partition(":")[0] for line in said["inputs"]] == ["body", "head"]
    assert said["stages"]["samples"] == 359


def test_one_file_of_several_is_not_enough(halves: Family, made: Exported, capsys: pytest.CaptureFixture[str]) -> None:
    assert predict.single(halves, ["--ckpt", str(made.paths["head/dynamic"])]) == 2
    assert "consists of several graphs (body, head): give their manifest, *.export.json" in capsys.readouterr().err
    assert predict.single(halves, ["--ckpt", str(halves.folder / "none.export.json")]) == 2
    assert "none.export.json" in capsys.readouterr().err


def test_the_framework_runs_it_too(halves: Family, made: Exported, capsys: pytest.CaptureFixture[str]) -> None:
    assert valid.main(halves, ["--target", "torch"]) == 0
    assert float(capsys.readouterr().out.partition("eval_metric ")[2].split()[0]) >= 0.98


def test_it_is_tuned(halves: Family, made: Exported, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--dtype", "float32", "--batch", "4", "--limit", "20", "--seconds", "0.05"]
    assert tune.main(halves, words) == 0
    assert "zoo valid classification/halves" in capsys.readouterr().out


def test_a_network_is_used_like_an_engine(halves: Family, made: Exported) -> None:
    model = halves.variant()
    batch = demo_batch(model, model.demo_folder())
    with open_runner(Setting(model), batches=4) as network, framework_runner(Setting(model)) as reference:
        assert isinstance(network, Network)
        assert [spec.name for spec in network.inputs] == ["input"]
        assert (network.backend, network.target, network.dtype) == ("onnxruntime", "onnx", "float32")
        (together,) = network(batch)
        assert network.run_time > 0
        calls = [network.submit([array[rows : rows + 2] for array in batch]) for rows in (0, 2, 4, 6)]
        np.testing.assert_allclose(np.concatenate([call.result()[0] for call in calls]), together, rtol=1e-5, atol=1e-5)
        assert all(call.run_time > 0 for call in calls)
        outputs, parts = recorded(model.task, reference, batch)
        np.testing.assert_allclose(outputs[0], together, rtol=1e-4, atol=1e-4)
        assert [(call.part, call.inputs[0].shape) for call in parts] == [("body", (8, 1, 32, 32)), ("head", (8, 120))]
        for call in parts:
            np.testing.assert_allclose(replayed(network, call)[0], call.outputs[0], rtol=1e-4, atol=1e-4)
    assert [thread for thread in threading.enumerate() if thread.name.startswith("network")] == []


def test_a_part_that_fails_is_an_error_of_the_call(halves: Family, made: Exported) -> None:
    with open_runner(Setting(halves.variant())) as network:
        wrong = [np.zeros((1, 1, 32), np.float32)]
        with pytest.raises(EngineError):
            network(wrong)
        call = network.submit(wrong)
        with pytest.raises(EngineError):
            call.result()
        assert network([np.zeros((1, 1, 32, 32), np.float32)])[0].shape == (1, 10), "it can still be used"


def test_what_cannot_be_opened_leaves_no_part_open(halves: Family, made: Exported, tmp_path: Path) -> None:
    for path in made.files():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "halves_head_dyn.onnx").write_bytes(b"damaged")
    before = threading.active_count()
    with pytest.raises((EngineError, ZooError), match=r"halves_head_dyn\.onnx"):
        open_runner(Setting(halves.variant(), folder=tmp_path))
    assert threading.active_count() == before


class Dropping(InTwo):
    """Never reaches its second part."""

    def run(self, parts: Mapping[str, Run], arrays: list[np.ndarray]) -> list[np.ndarray]:
        return as_list(parts["body"](arrays))


def test_a_part_that_no_sample_reaches_is_not_proved(halves: Family, weights: str, tmp_path: Path) -> None:
    model = halves.variant()
    task = Dropping(model.task.transform, model.task.labels, model.task.folders)
    with pytest.raises(CheckFailedError, match="no sample reaches this part of the network"):
        export(replace(model, task=task), tmp_path / "out", ExportOptions(weights=weights))
    assert not (tmp_path / "out").exists()


def test_a_package_has_a_folder_a_graph(halves: Family, made: Exported, tmp_path: Path) -> None:
    options = PackageOptions("triton", output=tmp_path / "out")
    done = package(Setting(halves.variant(), folder=made.manifest.parent), options)
    assert done.graphs == FILES
    for name, (given, told) in zip(FILES, (("input", "features"), ("given", "output")), strict=True):
        with np.load(done.folder / name / "sample.npz") as sample:
            assert set(sample) == {given, told}
            assert len(sample[given]) == 1
        assert (done.folder / name / "1" / "model.onnx").is_file()
    inside = replace(options, inside=True, output=tmp_path / "inside")
    with pytest.raises(ZooError, match=r"one graph, and classification/halves has several \(body, head\)"):
        package(Setting(halves.variant(), folder=made.manifest.parent), inside)
    assert not (tmp_path / "inside").exists()
