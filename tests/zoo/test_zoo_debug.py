"""zoo debug: it names the node that was changed, that overflows, that is rounded too far; and what does not fit."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from zoo import catalogue
from zoo.commands import debug
from zoo.exporting.export import ExportOptions, export
from zoo.family import Family
from zoo.layers.taps import Tap, slices
from zoo.manifest import Exported
from zoo.model import Model

Scale = Callable[[dict[str, Any]], None]


@pytest.fixture
def scaled(lenet: Model, tmp_path: Path) -> Callable[[Scale], Path]:
    """The folder of an export of LeNet with other weights; formats that fail are left out of it."""
    from safetensors.torch import load_file, save_file

    def made(change: Scale) -> Path:
        weights = load_file(lenet.sample_weights)
        change(weights)
        save_file(weights, tmp_path / "weights.safetensors")
        folder = tmp_path / "exported"
        export(lenet, folder, ExportOptions(weights=str(tmp_path / "weights.safetensors")))
        return folder

    return made


def _too_large(weights: dict[str, Any]) -> None:
    """The same outputs, of values that float16 does not hold between two layers."""
    weights["conv2.weight"] *= 3e5
    weights["conv2.bias"] *= 3e5
    weights["fc1.weight"] /= 3e5


def _uneven(weights: dict[str, Any]) -> None:
    """The same outputs, of one channel that is far larger than the others, which int8 rounds to nothing."""
    weights["conv1.weight"][0] *= 3000
    weights["conv1.bias"][0] *= 3000
    weights["conv2.weight"][:, 0] /= 3000


def _run(family: Family, folder: Path, *words: object) -> int:
    return debug.main(family, ["--folder", str(folder), *map(str, words)])


def _change(source: Path, number: int, path: Path) -> Any:
    """Write the file with the weights of one of its layers half as large again; the layer's node is returned."""
    import onnx

    model = onnx.load(source)
    node = [one for one in model.graph.node if one.op_type in ("Conv", "Gemm")][number * 2]
    for tensor in model.graph.initializer:
        if tensor.name == node.input[1]:
            values = onnx.numpy_helper.to_array(tensor) * np.float32(1.5)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    onnx.save(model, path)
    return node


def _graph(path: Path) -> Any:
    import onnx

    return onnx.load(path).graph


def test_a_value_beyond_float16_is_named_and_kept_in_float32(
    lenet_family: Family, scaled: Callable[[Scale], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Though the export wrote no float16 file, which did not pass."""
    folder, fixed = scaled(_too_large), tmp_path / "fixed.onnx"
    assert not list(folder.glob("*float16*"))
    assert _run(lenet_family, folder, "--dtype", "float16") == 1
    said = capsys.readouterr()
    assert "first to differ: Conv /conv2/Conv" in said.out
    assert "beyond float16's 65504: keep it in float32" in said.out
    assert "failed: Conv /conv2/Conv differs by inf" in said.err
    assert _run(lenet_family, folder, "--dtype", "float16", "--fix", fixed) == 0
    kept = capsys.readouterr().out.partition("nodes in float32:\n")[2].split()
    assert kept == ["/conv2/Conv", "/relu2/Relu", "/pool2/MaxPool", "/flatten/Flatten", "/fc1/Gemm"]
    assert _run(lenet_family, folder, "--dtype", "float16", "--ckpt", fixed) == 0
    assert "no layer differs by more than float16 may" in capsys.readouterr().out


def test_an_uneven_layer_is_named_and_left_out_of_int8(
    lenet_family: Family, scaled: Callable[[Scale], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, fixed = scaled(_uneven), tmp_path / "fixed.onnx"
    assert _run(lenet_family, folder, "--dtype", "int8", "--fix", fixed, "--json", tmp_path / "said.json") == 0
    (part,) = json.loads((tmp_path / "said.json").read_text())["parts"]
    assert part["first"] in ("/conv1/Conv", "/conv2/Conv")
    assert fixed.is_file()
    assert part["first"] in capsys.readouterr().out.partition("nodes in float32:\n")[2].split()


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_node_that_was_changed_is_named(
    lenet_family: Family, lenet_export: Exported, tmp_path: Path, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    node = _change(lenet_export.dynamic, number, tmp_path / "changed.onnx")
    folder = lenet_export.dynamic.parent
    page, said = tmp_path / "page.html", tmp_path / "said.json"
    words = ("--ckpt", tmp_path / "changed.onnx", "--html", page, "--json", said)
    assert _run(lenet_family, folder, *words) == 1
    assert f"first to differ: {node.op_type} {node.name} " in capsys.readouterr().out
    assert json.loads(said.read_text())["parts"][0]["first"] == node.name
    text = page.read_text(encoding="utf-8")
    assert text.count("<circle") == text.count("<tr") - 1 == len(json.loads(said.read_text())["parts"][0]["layers"])
    assert f'<tr class="first"><td>{node.output[0]}</td><td>{node.name}</td>' in text
    # the other way round, the exported file is what differs
    assert _run(lenet_family, folder, "--dtype", "float32", "--against", tmp_path / "changed.onnx") == 1


@pytest.mark.parametrize("words", ["--target openvino", "--target cpu", "--dtype float16", "--against framework"])
def test_what_agrees_is_said_to_agree(
    lenet_family: Family, lenet_export: Exported, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(lenet_family, lenet_export.dynamic.parent, *words.split()) == 0
    said = capsys.readouterr().out
    assert "on 2 samples\n" in said
    assert "12 tensors compared\n" in said
    assert "no layer differs by more than" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "target onnx in float32 is what others are compared with"),
        ("--against nothing.onnx", "there is no such file; it is framework, onnx or an ONNX file"),
        ("--dtype bfloat16", "bfloat16"),
        ("--target nothing", "nothing"),
        ("--ckpt nothing.onnx", "nothing.onnx"),
    ],
)
def test_what_cannot_be_compared(
    lenet_family: Family, lenet_export: Exported, words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(lenet_family, lenet_export.dynamic.parent, *words.split()) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert said in error
    assert "Traceback" not in error


def test_a_file_is_not_compared_with_itself(
    lenet_family: Family, lenet_export: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reference is what lies beside a file, where that is an export: of another export, that file itself."""
    other = tmp_path / "other"
    shutil.copytree(lenet_export.dynamic.parent, other)
    file = str(other / lenet_export.dynamic.name)
    assert debug.main(lenet_family, ["--ckpt", file]) == 2
    assert "would be compared with itself: name the export that it is compared with by --folder" in (
        capsys.readouterr().err
    )
    assert _run(lenet_family, lenet_export.dynamic.parent, "--ckpt", file) == 0


def test_nothing_is_fixed_where_the_runtime_decides(
    lenet_family: Family, lenet_export: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _change(lenet_export.dynamic, 0, tmp_path / "changed.onnx")
    words = ("--target", "openvino", "--ckpt", tmp_path / "changed.onnx", "--fix", tmp_path / "fixed.onnx")
    assert _run(lenet_family, lenet_export.dynamic.parent, *words) == 2
    assert "--fix writes a float16 or int8 file for target onnx; on openvino" in capsys.readouterr().err
    assert not (tmp_path / "fixed.onnx").exists()


def test_slices_hold_all_and_are_bounded() -> None:
    taps = [Tap(str(size), "", "", (), 1, size) for size in (5, 5, 50, 1, 2, 3, 4)]
    parts = list(slices(taps, 10))
    assert [[tap.bytes for tap in part] for part in parts] == [[5, 5], [50], [1, 2, 3, 4]]
    assert list(slices([], 10)) == []


def test_a_network_of_several_graphs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    family = catalogue.load("nlp/transformer")
    export(family.variant(), tmp_path, ExportOptions(weights="sample"))
    assert _run(family, tmp_path, "--dtype", "float16") == 0
    said = capsys.readouterr().out
    assert all(f" {part.name}: onnx float16" in said for part in family.variant().parts)
    assert _run(family, tmp_path, "--against", str(next(tmp_path.glob("*.onnx")))) == 2
    assert "consists of several graphs" in capsys.readouterr().err


def test_layers_of_paddle_are_matched_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("paddle2onnx")
    family = catalogue.load("classification/paddle_vision")
    made = export(family.variant(), tmp_path, ExportOptions(weights="random", input_size=64))
    assert _run(family, tmp_path, "--input_size", 64, "--against", "framework", "--json", tmp_path / "all.json") == 0
    (part,) = json.loads((tmp_path / "all.json").read_text())["parts"]
    nodes = [layer["node"] for layer in part["layers"]]
    assert len(nodes) > 20
    assert sum(node.endswith("/Conv") for node in nodes) == sum(
        node.op_type == "Conv" for node in _graph(made.dynamic).node
    )
    node = _change(made.dynamic, 3, tmp_path / "changed.onnx")
    words = ("--ckpt", tmp_path / "changed.onnx", "--against", "framework")
    capsys.readouterr()
    assert _run(family, tmp_path, "--input_size", 64, *words) == 1
    assert f"first to differ: {node.op_type} {node.name} " in capsys.readouterr().out
    assert node.name.startswith("/layer")


def test_a_framework_without_names_is_compared_by_its_file(
    lenet_family: Family, lenet_export: Exported, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("zoo.layers.debug.FRAMEWORKS", ())
    assert _run(lenet_family, lenet_export.dynamic.parent, "--against", "framework") == 2
    assert "does not name nodes after layers; compare with --against onnx" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "asked", "one_by_one", "said"),
    [
        (2, 2, False, "on 2 samples"),
        (1, 1, True, "on 1 sample"),
        (1, 4, True, "on 1 sample of the 4 that --limit says: depth/own takes them one at a time"),
        (3, 4, False, "on 3 samples of the 4 that --limit says: depth/own gives no more in one batch"),
    ],
)
def test_how_many_samples_were_compared_is_said(rows: int, asked: int, one_by_one: bool, said: str) -> None:
    model = SimpleNamespace(id="depth/own", task=SimpleNamespace(one_by_one=one_by_one))
    assert debug._counted(SimpleNamespace(model=model), rows, asked) == said  # type: ignore[arg-type]
