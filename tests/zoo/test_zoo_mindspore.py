"""Networks defined in MindSpore: every format agrees with the cell, and none of it is loaded into this process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from engine import backends
from engine.base import Engine, ExportError, RunError, TargetUnavailableError
from zoo import catalogue, frameworks
from zoo.commands.export import main
from zoo.difference import outputs_difference
from zoo.errors import ZooError
from zoo.exporting.export import ExportOptions, export
from zoo.family import Family
from zoo.manifest import Exported, read_manifest
from zoo.model import Model
from zoo.running.reference import demo_batch
from zoo.weights import Weights, find_weights

if not backends.targets()["mindspore"].availability().usable:
    pytest.skip("mindspore is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def model() -> Model:
    return catalogue.load("classification/lenet_mindspore").variant()


@pytest.fixture(scope="module")
def made(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Read it, do not change it."""
    return export(model, tmp_path_factory.mktemp("lenet"), ExportOptions(formats=("onnx", "mindir", "ckpt")))


def engine_of(model: Model, weights: Path) -> Engine:
    """The cell itself with the weights in a file."""
    framework = frameworks.of(model)
    return framework.engine(model.part, framework.load(model, Weights("file", weights), []))


def test_checkpoint_mindir_and_onnx_agree_at_every_batch(model: Model, made: Exported, lenet_export: Exported) -> None:
    (digits,) = demo_batch(model, model.demo_folder())
    engines = {
        "cell": engine_of(model, model.sample_weights),
        "ckpt": engine_of(model, made.paths["ckpt"]),
        "mindir": Engine(made.paths["mindir"], target="mindspore"),
        "onnx": Engine(made.dynamic),
        "static": Engine(made.static, batch_first=True),
        "pytorch": Engine(lenet_export.dynamic),  # the same weights, from the other framework
    }
    for rows in (1, 2, 5, 8):
        outputs = {name: engine(digits[:rows]) for name, engine in engines.items()}
        assert all(output.shape == (rows, 10) for output in outputs.values())
        for name, output in outputs.items():
            assert outputs_difference([outputs["cell"]], [output]).relative < 1e-6, name
    with Engine(made.float16, dtype="float16") as engine:
        assert outputs_difference([outputs["cell"]], [engine(digits)]).relative < 1e-3
    for engine in engines.values():
        engine.release()
    assert "mindspore" not in sys.modules  # it would keep paddle from being imported


def test_the_manifest_has_every_format(made: Exported) -> None:
    files = json.loads(made.manifest.read_text())["files"]
    assert {kind: entry["name"] for kind, entry in files.items()} == {
        "static": "lenet.onnx",
        "dynamic": "lenet_dyn.onnx",
        "float16": "lenet_float16_dyn.onnx",
        "mindir": "lenet_dyn.mindir",
        "ckpt": "lenet.ckpt",
    }
    assert files["mindir"]["inputs"] == files["dynamic"]["inputs"]
    assert files["dynamic"]["opset"] == 17
    assert "mindspore" in read_manifest(made.paths["mindir"])["versions"]
    assert sorted(path.name for path in made.manifest.parent.iterdir()) == sorted(path.name for path in made.files())
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in made.files() if path.suffix in (".mindir", ".ckpt"))


def test_a_format_exported_later_joins_the_manifest_of_the_same_network(model: Model, tmp_path: Path) -> None:
    export(model, tmp_path, ExportOptions(formats=("ckpt",)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lenet.ckpt", "lenet.export.json"]
    second = export(model, tmp_path, ExportOptions(formats=("mindir",)))
    assert list(json.loads(second.manifest.read_text())["files"]) == ["mindir", "ckpt"]
    third = export(model, tmp_path, ExportOptions(formats=("mindir",), weights="random"))
    assert list(json.loads(third.manifest.read_text())["files"]) == ["mindir"]


def test_weights_are_the_pytorch_networks(model: Model, lenet: Model) -> None:
    assert find_weights(model, "sample").sha256 == find_weights(lenet, "sample").sha256


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("w.ckpt", b"not a protocol buffer", "not a checkpoint"), ("w.safetensors", b"short", "not a checkpoint")],
)
def test_what_is_no_checkpoint_is_a_sentence(
    model: Model, tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ZooError, match=words):
        engine_of(model, tmp_path / name)


@pytest.mark.parametrize(
    ("wrap", "words"),
    [
        (lambda own: {f"network.{name}": value for name, value in own.items()}, ""),
        (lambda own: {name: value.astype(np.float16) for name, value in own.items()}, ""),
        (lambda own: {"global_step": np.array([7]), **own, **{f"moments.{name}": own[name] for name in own}}, ""),
        (lambda own: {"learning_rate": np.float32([0.1]), "scale_sense": np.float32([1]), **own}, ""),
        (lambda own: {**own, "temperature": np.float32([7])}, r"unexpected \(1\): temperature"),
        (lambda own: {name: value.astype(np.int32) for name, value in own.items()}, "conv1.weight int32 for float32"),
        (lambda own: {**own, "moments.conv9.weight": own["conv1.weight"]}, r"unexpected \(1\): moments.conv9.weight"),
    ],
    ids=[
        "a word in front",
        "half",
        "the optimiser's",
        "of training",
        "of another variant",
        "whole numbers",
        "of a layer that is not there",
    ],
)
def test_checkpoints_are_taken_as_training_writes_them_or_refused(
    model: Model, tmp_path: Path, wrap: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]], words: str
) -> None:
    own = load_file(str(model.sample_weights))
    save_file(wrap(own), tmp_path / "net.safetensors")
    if words:
        with pytest.raises(ZooError, match=words):
            engine_of(model, tmp_path / "net.safetensors")
        return
    (digits,) = demo_batch(model, model.demo_folder())
    with engine_of(model, tmp_path / "net.safetensors") as engine, engine_of(model, model.sample_weights) as sample:
        assert np.allclose(engine(digits[:2]), sample(digits[:2]), atol=1e-2)


def test_weights_of_another_network_are_named(model: Model, tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    state = load_file(str(model.sample_weights))
    state["conv9.weight"] = state.pop("conv1.weight")
    state["fc3.bias"] = np.zeros(11, np.float32)
    save_file(state, str(tmp_path / "w.safetensors"))
    with pytest.raises(ZooError, match=r"conv1\.weight.*conv9\.weight.*fc3\.bias \[11\] for \[10\]"):
        engine_of(model, tmp_path / "w.safetensors")


def test_other_frameworks_say_what_is_possible(
    lenet_family: Family, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(lenet_family, ["--format", "onnx,mindir", "--output", str(tmp_path)]) == 2
    assert "comes from pytorch, which is exported to onnx; mindir and ckpt are for" in capsys.readouterr().err
    assert main(lenet_family, ["--format", "tflite", "--output", str(tmp_path)]) == 2
    assert "--format tflite is not possible" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


NETWORK = """
from dataclasses import replace
from pathlib import Path

from engine.spec import TensorSpec
from zoo import catalogue


def build():
    import mindspore
    from mindspore import nn, ops

    class Net(nn.Cell):
        def __init__(self):
            super().__init__()
            self.convolve = nn.Conv2d(1, 3, 3, pad_mode="pad", padding=1)
            self.norm = nn.BatchNorm2d(3)
            self.last = nn.Dense(3 * 32 * 32, 4)

        def construct(self, input):
            x = ops.relu(self.norm(self.convolve(input)))
            LAST

    return Net()


base = catalogue.load("classification/lenet_mindspore")


def model(variant):
    made = base.variant()
    return replace(made, build=build, parts=(replace(made.part, outputs=(OUTPUTS)),))


MODEL = replace(base, name="net", make=model, folder=Path(__file__).parent)
"""


@pytest.fixture
def network(model: Model, tmp_path: Path) -> Callable[[str, str], Model]:
    """A model whose network ends with the given line; its demos are LeNet's."""

    def write(last: str, outputs: str) -> Model:
        text = NETWORK.replace("LAST", last).replace("OUTPUTS", outputs)
        (tmp_path / "model.py").write_text(text)
        (tmp_path / "demos").symlink_to(model.demo_folder())
        return catalogue.load_file(tmp_path / "model.py").variant()

    return write


def test_a_flatten_for_one_batch_becomes_one_for_any(
    lenet: Model, network: Callable[[str, str], Model], tmp_path: Path
) -> None:
    last = "planes = ops.mul(x.view(x.shape[0] * 3, 1024), 2.0)\n"
    last += "            return self.last(x.reshape((x.shape[0], -1))), planes.view(x.shape[0], 3, 1024)"
    outputs = 'TensorSpec("a", "float32", ("batch", 4)), TensorSpec("b", "float32", ("batch", 3, 1024)),'
    made = export(network(last, outputs), tmp_path / "out", ExportOptions(weights="random", opset=13))
    (digits,) = demo_batch(lenet, lenet.demo_folder())
    with Engine(made.dynamic) as engine:
        assert [engine(digits[:rows])[1].shape for rows in (1, 7)] == [(1, 3, 1024), (7, 3, 1024)]
    files = json.loads(made.manifest.read_text())["files"]
    assert files["dynamic"]["opset"] == 13
    assert files["dynamic"]["difference"]["relative"] < 1e-4


def test_a_network_that_mindspore_cannot_compile_is_a_sentence_and_leaves_nothing(
    network: Callable[[str, str], Model], tmp_path: Path
) -> None:
    before = set(Path.cwd().iterdir())
    net = network("return self.last(x)", 'TensorSpec("a", "float32", ("batch", 4)),')
    with pytest.raises(RunError, match="MatMul"):
        export(net, tmp_path / "out", ExportOptions(weights="random"))
    assert not (tmp_path / "out").exists()
    assert set(Path.cwd().iterdir()) == before


def test_what_cannot_be_made_dynamic_is_an_error(network: Callable[[str, str], Model], tmp_path: Path) -> None:
    last = "return self.last(x.reshape((x.shape[0], -1))) + ops.ones((x.shape[0], 4), mindspore.float32)"
    with pytest.raises(ExportError, match="depends on the size of the input, and is no shape of a Reshape"):
        export(
            network(last, 'TensorSpec("a", "float32", ("batch", 4)),'),
            tmp_path / "out",
            ExportOptions(weights="random"),
        )
    assert not (tmp_path / "out").exists()


def test_random_weights_give_statistics_of_the_samples(model: Model, network: Callable[[str, str], Model]) -> None:
    net = network("return self.last(x.reshape((x.shape[0], -1)))", 'TensorSpec("a", "float32", ("batch", 4)),')
    batch = demo_batch(model, model.demo_folder())
    session = frameworks.of(net).load(net, Weights("random"), batch)
    again = frameworks.of(net).load(net, Weights("random"), batch)
    outputs, same = session.run(batch)[0], again.run(batch)[0]
    assert np.array_equal(outputs, same)
    assert np.ptp(outputs, axis=0).max() > 1e-2
    session.close()
    again.close()


def test_a_missing_mindspore_is_a_sentence(model: Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TECO_MINDSPORE_PYTHON", str(tmp_path / "python"))
    with pytest.raises(TargetUnavailableError, match="TECO_MINDSPORE_PYTHON names no program"):
        export(model, tmp_path / "out")
