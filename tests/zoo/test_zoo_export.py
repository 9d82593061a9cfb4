"""Export: what is written, that it is proved, and what happens when something goes wrong."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from engine.base import Engine
from engine.spec import TensorSpec
from tests.zoo.small_disk import zoo_on_a_small_disk
from zoo import frameworks
from zoo.accuracy.verify import VerifyOptions, verify
from zoo.commands.export import main
from zoo.commands.verify import main as verify_command
from zoo.difference import TOLERANCE
from zoo.errors import CheckFailedError, ZooError
from zoo.exporting.export import ExportOptions, export
from zoo.family import Family
from zoo.manifest import Exported, read_manifest
from zoo.model import CustomOps, Model
from zoo.running.reference import demo_batch, first_rows
from zoo.running.setting import Setting
from zoo.weights import find_weights
from zoo_core.errors import ZooCoreError, first_line
from zoo_core.hashing import sha256

torch = pytest.importorskip("torch")


def test_the_four_files_of_an_export(lenet: Model, lenet_export: Exported) -> None:
    names = [path.name for path in lenet_export.files()]
    assert names == ["lenet.onnx", "lenet_dyn.onnx", "lenet_float16_dyn.onnx", "lenet.export.json"]
    assert sorted(path.name for path in lenet_export.manifest.parent.iterdir()) == sorted(names)
    manifest = json.loads(lenet_export.manifest.read_text())
    assert manifest["weights"] == {
        "kind": "sample",
        "path": "sample.safetensors",
        "sha256": sha256(lenet.sample_weights),
    }
    for kind, path in (("static", 0), ("dynamic", 1), ("float16", 2)):
        entry = manifest["files"][kind]
        file = lenet_export.files()[path]
        graph = onnx.load(file)
        assert entry["sha256"] == sha256(file)
        assert entry["opset"] == graph.opset_import[0].version == 17
        assert 0 <= entry["difference"]["mean"] <= entry["difference"]["largest"]
    dynamic = manifest["files"]["dynamic"]
    assert dynamic["inputs"] == [{"name": "input", "dtype": "float32", "shape": ["batch", 1, 32, 32]}]
    assert dynamic["outputs"] == [{"name": "output", "dtype": "float32", "shape": ["batch", 10]}]
    assert manifest["files"]["static"]["inputs"][0]["shape"] == [1, 1, 32, 32]
    assert manifest["files"]["float16"]["inputs"][0]["dtype"] == "float16"
    assert {"torch", "onnx", "onnxsim", "onnxruntime", "numpy"} <= set(manifest["versions"])


def test_other_batches_are_compared_where_an_input_has_one() -> None:
    specs = (TensorSpec("x", "float32", ("batch", 2)), TensorSpec("edges", "int64", (2, "count")))
    batch = [np.zeros((8, 2), np.float32), np.zeros((2, 5), np.int64)]
    assert [array.shape for array in first_rows(specs, batch, 1)] == [(1, 2), (2, 5)]


@pytest.mark.parametrize("opset", [12, 20])
def test_the_opset_that_was_asked_for_is_the_one_in_the_files(lenet: Model, tmp_path: Path, opset: int) -> None:
    done = export(lenet, tmp_path, ExportOptions(opset=opset))
    assert {onnx.load(path).opset_import[0].version for path in done.files()[:3]} == {opset}


def test_static_batch_and_weights_from_a_file(lenet: Model, tmp_path: Path) -> None:
    state = lenet.build().state_dict()
    torch.save({"state_dict": {f"module.{name}": tensor for name, tensor in state.items()}}, tmp_path / "mine.pth")
    done = export(lenet, tmp_path, ExportOptions(weights=str(tmp_path / "mine.pth"), batch_size=3))
    assert onnx.load(done.static).graph.input[0].type.tensor_type.shape.dim[0].dim_value == 3
    assert read_manifest(done.dynamic)["weights"]["path"] == str(tmp_path / "mine.pth")
    network = lenet.build().eval()
    network.load_state_dict(state)
    batch = demo_batch(lenet, lenet.demo_folder())
    with Engine(done.dynamic) as engine, torch.inference_mode():
        np.testing.assert_allclose(engine(batch), network(torch.from_numpy(batch[0])).numpy(), rtol=0, atol=1e-5)


def test_random_weights_give_outputs_that_differ_and_come_again(lenet: Model) -> None:
    batch = demo_batch(lenet, lenet.demo_folder())
    outputs = []
    for _ in range(2):
        network = frameworks.of(lenet).load(lenet, find_weights(lenet, "random"), batch)
        with torch.inference_mode():
            outputs.append(network(torch.from_numpy(batch[0])).numpy())
    assert np.array_equal(outputs[0], outputs[1])
    assert np.ptp(outputs[0], axis=0).max() > 0.05 * np.abs(outputs[0]).max()
    assert np.abs(outputs[0]).max() < 1e3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"opset": 11}, "--opset is 12 to 20, got 11"),
        ({"opset": 21}, "--opset is 12 to 20"),
        ({"batch_size": 0}, "--batch_size is at least 1"),
        ({"weights": "pretrained"}, "no published weights"),
        ({"weights": "nothing.pth"}, "there is no file nothing.pth"),
        ({"input_size": 28}, "one size only"),
    ],
)
def test_wrong_use_writes_nothing(lenet: Model, tmp_path: Path, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ZooError, match=re.escape(words)):
        export(lenet, tmp_path / "out", ExportOptions(**arguments))
    assert not list(tmp_path.rglob("*.onnx"))


def test_a_checkpoint_that_does_not_fit_is_told_name_by_name(lenet: Model, tmp_path: Path) -> None:
    state = lenet.build().state_dict()
    state["fc9.weight"] = state.pop("fc3.weight")
    state["fc3.bias"] = torch.zeros(7)
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(ZooError) as caught:
        export(lenet, tmp_path, ExportOptions(weights=str(tmp_path / "other.pth")))
    for words in (
        "missing (1): fc3.weight",
        "unexpected (1): fc9.weight",
        "other shape or kind (1): fc3.bias [7] for [10]",
    ):
        assert words in str(caught.value)


def test_a_checkpoint_with_code_in_it_is_not_run(lenet: Model, tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return (os.mkdir, (str(tmp_path / "was_run"),))

    torch.save({"weight": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(ZooError, match="'weight' is an object whose code is not run"):
        export(lenet, tmp_path, ExportOptions(weights=str(tmp_path / "evil.pth")))
    assert not (tmp_path / "was_run").exists()


@pytest.mark.parametrize("content", [b"", b"garbage", b"PK\x03\x04garbage"])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_damaged_checkpoint_is_an_error(lenet: Model, tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(content)
    with pytest.raises(ZooError, match=r"not a checkpoint of tensors|is empty"):
        export(lenet, tmp_path, ExportOptions(weights=str(path)))


class WrongOutsideOfTorch(torch.nn.Module):
    """Traces to something else than it computes: the branch depends on the batch, which tracing freezes."""

    def __init__(self, inner: torch.nn.Module):
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x) * (2.0 if x.shape[0] > 1 else 1.0)


def test_a_failed_parity_is_an_error_and_nothing_appears(lenet: Model, tmp_path: Path) -> None:
    wrong = replace(lenet, build=lambda: WrongOutsideOfTorch(lenet.build()))
    with pytest.raises(CheckFailedError, match=r"differs from the framework by .* nothing was written"):
        export(wrong, tmp_path, ExportOptions(weights="random"))
    assert list(tmp_path.iterdir()) == []


def test_weights_of_more_than_a_message_are_said_to_be_too_large(
    lenet: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoo.exporting.graph.LARGEST", 100_000)
    with pytest.raises(ZooError, match=r"lenet\S*\.onnx has 0\.0 GB of weights, which is too large"):
        export(lenet, tmp_path, ExportOptions(weights="random"))
    assert not list(tmp_path.iterdir())


def test_a_dead_network_proves_nothing(lenet: Model, tmp_path: Path) -> None:
    def dead() -> Any:
        network = lenet.build()
        torch.nn.init.zeros_(network.fc3.weight)
        return network

    state = dead().state_dict()
    torch.save(state, tmp_path / "dead.pth")
    with pytest.raises(CheckFailedError, match="same outputs for all 8 samples"):
        export(lenet, tmp_path, ExportOptions(weights=str(tmp_path / "dead.pth")))


def test_what_is_no_tensor_is_told(lenet: Model, tmp_path: Path) -> None:
    class Words(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> str:
            return "seven"

    wrong = replace(lenet, build=Words)
    with pytest.raises(ZooCoreError, match=r"the network gives a str, and tensors are expected"):
        export(wrong, tmp_path, ExportOptions(weights="random"))


def test_messages_of_libraries_lose_their_colours() -> None:
    assert first_line(ValueError("\x1b[96mThis is step 1/3\x1b[0m of it\nmore")) == "This is step 1/3 of it"


class FrozenRows(torch.nn.Module):
    """Turns the number of rows into a Python number, which tracing freezes."""

    def __init__(self, inner: torch.nn.Module):
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x).reshape(int(x.shape[0]), 10)


def test_a_dynamic_file_that_is_not_dynamic_is_an_error(lenet: Model, tmp_path: Path) -> None:
    frozen = replace(lenet, build=lambda: FrozenRows(lenet.build()))
    with pytest.raises(CheckFailedError, match=r"lenet_dyn.onnx: dimension 0 of 'output: .* was exported as 1"):
        export(frozen, tmp_path, ExportOptions(weights="random"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", ["raises", "contradicts itself"])
def test_where_onnxsims_rewriting_goes_wrong_it_only_folds(
    lenet: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    import onnxsim

    simplify = onnxsim.simplify

    def broken(graph: Any, perform_optimization: bool = True) -> Any:
        if perform_optimization and wrong == "raises":
            raise RuntimeError("Nodes in a graph must be topologically sorted")
        made, same = simplify(graph, perform_optimization=perform_optimization)
        if perform_optimization:
            made.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 11
        return made, same

    monkeypatch.setattr(onnxsim, "simplify", broken)
    done = export(lenet, tmp_path, ExportOptions(weights="random"))
    assert not done.failed
    assert json.loads(done.manifest.read_text())["files"]["dynamic"]["difference"]["relative"] < 1e-5


def test_a_network_that_works_in_place_leaves_the_samples_alone(lenet: Model, tmp_path: Path) -> None:
    class InPlace(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = lenet.build()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x.mul_(0.5).add_(0.1))

    done = export(replace(lenet, build=lambda: InPlace()), tmp_path, ExportOptions(weights="random"))
    assert json.loads(done.manifest.read_text())["files"]["dynamic"]["difference"]["relative"] < 1e-5


class TooLargeForHalf(torch.nn.Module):
    """Gives numbers that float16 does not have."""

    def __init__(self, inner: torch.nn.Module):
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x) * 1e4 * 1e4


@pytest.fixture
def too_large(lenet: Model, lenet_family: Family, tmp_path: Path) -> Family:
    """A family whose network cannot be computed in float16."""
    model = replace(lenet, build=lambda: TooLargeForHalf(lenet.build()), demos=lenet.demo_folder())
    return replace(lenet_family, folder=tmp_path / "model", make=lambda variant: model)


def test_float16_that_fails_is_named_and_float32_is_written(
    too_large: Family, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    assert main(too_large, ["--weights", "random", "--output", str(folder)]) == 1
    said = capsys.readouterr()
    assert re.search(r"failed: .*; the other files are written", said.err)
    assert [Path(line).name for line in said.out.splitlines()] == ["lenet.onnx", "lenet_dyn.onnx", "lenet.export.json"]
    assert sorted(path.name for path in folder.iterdir()) == ["lenet.export.json", "lenet.onnx", "lenet_dyn.onnx"]
    manifest = read_manifest(folder / "lenet.export.json")
    assert list(manifest["files"]) == ["static", "dynamic"]
    assert list(manifest["failed"]) == ["float16"]
    assert manifest["failed"]["float16"] in said.err
    done = verify(Setting(too_large.variant(), folder=folder, target="onnx"), VerifyOptions(limit=20))
    assert [one.dtype for one in done.contenders] == ["float32", "float32"], "float16 was not exported"
    assert done.left_out == {"onnx float16": f"FAIL at the export: {manifest['failed']['float16']}"}
    assert verify_command(too_large, ["--folder", str(folder), "--limit", "20"]) == 0
    assert "not measured: onnx float16: FAIL at the export: lenet_float16_dyn.onnx" in capsys.readouterr().out
    assert verify_command(too_large, ["--folder", str(folder), "--dtype", "float16", "--limit", "20"]) == 2
    assert "the export did not write it, because lenet_float16_dyn.onnx" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["float16", "int8"])
def test_a_rounding_dtype_that_fails_leaves_the_others(
    lenet_family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    monkeypatch.setitem(TOLERANCE, kind, 1e-9)
    assert main(lenet_family, ["--dtype", "int8", "--output", str(tmp_path)]) == 1
    manifest = read_manifest(tmp_path / "lenet.export.json")
    assert list(manifest["failed"]) == [kind]
    assert set(manifest["files"]) == {"static", "dynamic", "float16", "int8"} - {kind}
    assert f"lenet_{kind}_dyn.onnx differs" in capsys.readouterr().err
    done = verify(Setting(lenet_family.variant(), folder=tmp_path, target="onnx"), VerifyOptions(limit=20))
    assert kind not in [one.dtype for one in done.contenders]
    assert list(done.left_out) == [f"onnx {kind}"]


def test_float16_that_the_runtime_does_not_open_leaves_the_others(
    lenet_family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As older versions of ONNX Runtime do with graphs that newer ones open."""

    def mixed(source: Path, path: Path) -> None:
        graph = onnx.load(source)
        graph.graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT16  # which no node gives
        onnx.save(graph, path)

    monkeypatch.setattr("zoo.exporting.export.write_float16", mixed)
    assert main(lenet_family, ["--output", str(tmp_path)]) == 1
    why = read_manifest(tmp_path / "lenet.export.json")["failed"]["float16"]
    assert why.startswith("lenet_float16_dyn.onnx (")
    assert "is not a model that ONNX Runtime opens" in why
    assert str(tmp_path) not in why
    assert why in capsys.readouterr().err


def test_float16_that_is_not_near_leaves_no_earlier_file_behind(
    lenet: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert export(lenet, tmp_path).float16.is_file()
    monkeypatch.setitem(TOLERANCE, "float16", 1e-9)
    done = export(lenet, tmp_path)
    assert "lenet_float16_dyn.onnx differs from the framework by" in done.failed["float16"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lenet.export.json", "lenet.onnx", "lenet_dyn.onnx"]
    assert "float16" not in read_manifest(done.manifest)["files"]


class CustomAdd(torch.autograd.Function):
    """The guide's example of an operator that ONNX does not have: (x + y, x + 2 y), y an attribute."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, y: int) -> Any:
        return x + y, x + y * 2

    @staticmethod
    def symbolic(g: Any, x: Any, y: int) -> Any:
        return g.op("custom::CustomAdd", x, y_i=y, outputs=2)


class WithCustomAdd(torch.nn.Module):
    def __init__(self, inner: torch.nn.Module):
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        one, two = CustomAdd.apply(self.inner(x), 3)
        return one * two


def custom_add_function(name: str = "CustomAdd") -> list[Any]:
    """The operator in standard ones, so that ONNX Runtime can run it: the guide stops at the export, we compare."""
    from onnx import AttributeProto, helper

    y = helper.make_node("Constant", [], ["y"])
    y.attribute.add(name="value_int", ref_attr_name="y", type=AttributeProto.INT)
    nodes = [
        y,
        helper.make_node("CastLike", ["y", "x"], ["shift"]),
        helper.make_node("Add", ["x", "shift"], ["one"]),
        helper.make_node("Add", ["one", "shift"], ["two"]),
    ]
    opsets = [helper.make_opsetid("", 17)]
    return [helper.make_function("custom", name, ["x"], ["one", "two"], nodes, opsets, attributes=["y"])]


def test_the_guides_custom_operator(lenet: Model, tmp_path: Path) -> None:
    model = replace(
        lenet,
        build=lambda: WithCustomAdd(lenet.build()),
        custom_ops=CustomOps({"custom": 1}, functions=custom_add_function),
    )
    done = export(model, tmp_path, ExportOptions(weights="random"))
    with Engine(done.dynamic) as engine:
        batch = demo_batch(lenet, lenet.demo_folder())
        network = frameworks.of(model).load(model, find_weights(model, "random"), batch)
        with torch.inference_mode():
            want = network(torch.from_numpy(batch[0])).numpy()
        np.testing.assert_allclose(engine(batch), want, rtol=1e-5)


def test_a_custom_operator_may_not_have_the_name_of_a_standard_one(lenet: Model, tmp_path: Path) -> None:
    """The guide calls its example Add; ONNX Runtime 1.31 crashes on a function of that name."""
    ops = CustomOps({"custom": 1}, functions=lambda: custom_add_function("Add"))
    with pytest.raises(ZooError, match="custom operator 'custom::Add' has the name of a standard one"):
        export(replace(lenet, custom_ops=ops), tmp_path, ExportOptions(weights="random"))


def test_a_custom_operator_without_a_definition_is_told(lenet: Model, tmp_path: Path) -> None:
    model = replace(lenet, build=lambda: WithCustomAdd(lenet.build()), custom_ops=CustomOps({"custom": 1}))
    with pytest.raises(Exception, match="CustomAdd") as caught:
        export(model, tmp_path, ExportOptions(weights="random"))
    assert type(caught.value).__module__ in ("engine.errors", "zoo.errors")


def test_a_file_that_changed_after_its_export_is_noticed(lenet_export: Exported, tmp_path: Path) -> None:
    for path in lenet_export.files():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert read_manifest(tmp_path / "lenet_dyn.onnx")["variant"] == "lenet"
    (tmp_path / "lenet_dyn.onnx").write_bytes(lenet_export.static.read_bytes())
    with pytest.raises(ZooError, match="has changed since it was exported"):
        read_manifest(tmp_path / "lenet_dyn.onnx")
    with pytest.raises(ZooError, match="no manifest"):
        read_manifest(tmp_path / "other.onnx")
    (tmp_path / "lenet.export.json").write_text("[]")
    with pytest.raises(ZooError, match="not a manifest"):
        read_manifest(tmp_path / "lenet_dyn.onnx")


def test_output_that_cannot_be_written(
    lenet_family: Family, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert main(lenet_family, ["--output", str(tmp_path / "file" / "below")]) == 2
    assert "choose another folder with --output" in capsys.readouterr().err


def test_a_read_only_output_folder(lenet_family: Family, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "read_only"
    folder.mkdir()
    folder.chmod(0o555)
    if os.access(folder, os.W_OK):  # root may write anywhere: there, only a file system says no
        folder = Path("/proc/self")
    assert main(lenet_family, ["--output", str(folder)]) == 2
    assert "cannot write to" in capsys.readouterr().err


def test_a_full_disk_leaves_nothing_behind(root: Path, tmp_path: Path) -> None:
    command = [*zoo_on_a_small_disk(100_000), "export", "lenet", "--output", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(root / "contrib"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert list(tmp_path.iterdir()) == []


def test_a_killed_export_leaves_no_half_written_file_and_the_next_one_tidies_up(
    lenet: Model, root: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "zoo", "export", "lenet", "--output", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(root / "contrib")}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob(".export-*/*.onnx")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.kill()
    process.wait()
    visible = [path for path in tmp_path.iterdir() if not path.name.startswith(".")]
    assert visible == [], "the export was killed while it was at work, and yet its files are there"
    assert list(tmp_path.glob(".export-*"))
    done = export(lenet, tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(done.files())


def test_padded_inputs_are_compared_at_a_second_length(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from zoo.catalogue import load
    from zoo.exporting import compared

    shapes: list[tuple[int, ...]] = []
    run = compared.recorded

    def seen(task: Any, reference: Any, arrays: list[np.ndarray]) -> Any:
        shapes.append(arrays[0].shape)
        return run(task, reference, arrays)

    monkeypatch.setattr(compared, "recorded", seen)
    export(load("nlp/textcnn").variant("textcnn"), tmp_path)
    assert len({shape[1] for shape in shapes}) >= 3  # natural, that of the static file, and a larger one


def test_casts_to_float_become_casts_to_half(tmp_path: Path) -> None:
    """Masks are cast to floats inside of networks: before what the converter leaves in float32 too, and in branches."""
    from onnx import TensorProto, helper, save

    from zoo.exporting.graph import write_float16

    value = helper.make_tensor_value_info
    branch = [
        helper.make_node("Cast", ["mask"], ["inner"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["inner", "x"], ["chosen"]),
    ]
    yes = helper.make_graph(branch, "yes", [], [value("chosen", TensorProto.FLOAT, None)])
    no = helper.make_graph(
        [helper.make_node("Neg", ["x"], ["negative"])], "no", [], [value("negative", TensorProto.FLOAT, None)]
    )
    nodes = [
        helper.make_node("Cast", ["mask"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("CumSum", ["real", "axis"], ["places"]),
        helper.make_node("Mul", ["real", "x"], ["masked"]),
        helper.make_node("Add", ["masked", "places"], ["sum"]),
        helper.make_node("If", ["yes"], ["branch"], then_branch=yes, else_branch=no),
        helper.make_node("Add", ["sum", "branch"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "casts",
        [value("mask", TensorProto.INT64, ["n", 4]), value("x", TensorProto.FLOAT, ["n", 4])],
        [value("y", TensorProto.FLOAT, ["n", 4])],
        [helper.make_tensor("axis", TensorProto.INT64, [], [1]), helper.make_tensor("yes", TensorProto.BOOL, [], [1])],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "single.onnx")
    write_float16(tmp_path / "single.onnx", tmp_path / "half.onnx")
    mask, x = np.array([[1, 1, 1, 0]]), np.array([[0.5, 1, 2, 4]], np.float32)
    with Engine(tmp_path / "half.onnx", dtype="float16") as engine:
        np.testing.assert_array_equal(engine([mask, x.astype(np.float16)]), [[2, 4, 7, 3]])
