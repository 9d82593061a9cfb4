"""The scripts of the LeNet that MindSpore defines, with the README's commands, in processes that must not meet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import backends

pytestmark = pytest.mark.xdist_group("classification/lenet_mindspore")

if not backends.targets()["mindspore"].availability().usable:
    pytest.skip("mindspore is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def folder(copy: Path, run) -> Path:
    """The model's folder after the README's export."""
    folder = copy / "example/classification/lenet_mindspore"
    done = run("export_onnx.py", "--format", "onnx,mindir,ckpt", "--dtype", "int8", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert [Path(line).name for line in done.stdout.splitlines()] == [
        "lenet.onnx",
        "lenet_dyn.onnx",
        "lenet_float16_dyn.onnx",
        "lenet_dyn.mindir",
        "lenet.ckpt",
        "lenet_int8_dyn.onnx",
        "lenet.export.json",
    ]
    return folder


def forbidden(names: list[str], folder: Path) -> str:
    """A PYTHONPATH in which importing any of these packages ends the process."""
    for name in names:
        (folder / f"{name}.py").write_text(f"raise SystemExit('{name} was imported')\n")
    return str(folder)


def test_the_mindir_runs_without_any_other_framework(folder: Path, run, tmp_path: Path) -> None:
    path = forbidden(["torch", "paddle", "onnx", "onnxruntime"], tmp_path)
    words = ["--target", "mindspore", "--json", tmp_path / "out.json"]
    done = run("example_multi_batch.py", *words, cwd=folder, PYTHONPATH=path)
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads((tmp_path / "out.json").read_text())
    assert Path(said["ckpt"]).name == "lenet_dyn.mindir"
    assert [one["classes"][0]["label"] for one in said["predictions"]] == list("0123456789")


def test_the_onnx_file_runs_without_mindspore(folder: Path, run, tmp_path: Path) -> None:
    path = forbidden(["mindspore", "torch", "paddle"], tmp_path)
    done = run("example_single_batch.py", "--data_path", "demos/digit_0.png", cwd=folder, PYTHONPATH=path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("demos/digit_0.png: 0 (")


@pytest.mark.parametrize("flags", ["--target mindspore", "--target mindspore_cell", "--dtype float16", "--dtype int8"])
def test_every_way_has_the_same_accuracy(folder: Path, run, flags: str) -> None:
    done = run("example_valid.py", *flags.split(), cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "eval_metric 0.994429" in done.stdout


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--target mindspore --dtype float16", ".mindir files are exported in float32"),
        ("--target mindspore --dtype int8", ".mindir files are exported in float32"),
        ("--target mindspore --ckpt lenet_dyn.onnx", "opens MindIR files (.mindir)"),
        ("--target mindspore --ckpt cut.mindir", "is not a MindIR that MindSpore loads"),
        ("--target mindspore:TPU", "runs on CPU, GPU, Ascend"),
        ("--target paddle", "reference target is 'mindspore_cell'"),
    ],
)
def test_wrong_use(folder: Path, run, flags: str, words: str) -> None:
    (folder / "cut.mindir").write_bytes((folder / "lenet_dyn.mindir").read_bytes()[:1000])
    done = run("example_single_batch.py", *flags.split(), cwd=folder)
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_what_was_not_exported_is_told_how(copy: Path, folder: Path, run, tmp_path: Path) -> None:
    done = run("example_single_batch.py", "--target", "mindspore", cwd=copy / "example/classification/lenet")
    assert done.returncode == 2
    assert "opens .mindir files, and classification/lenet comes from pytorch" in done.stderr
    verified = run("-m", "zoo", "verify", "lenet_mindspore", "--folder", tmp_path, "--target", "mindspore", cwd=copy)
    assert verified.returncode == 2
    assert "export_onnx.py" in verified.stderr


def test_zoo_run_exports_what_its_targets_open(copy: Path, run, tmp_path: Path) -> None:
    words = ["run", "lenet_mindspore", "--target", "mindspore,onnx", "--output", tmp_path, "--limit", "40"]
    done = run("-m", "zoo", *words, cwd=copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASS by ") == 3
    assert (tmp_path / "lenet_dyn.mindir").is_file()
    assert Path(json.loads((tmp_path / "single.json").read_text())["ckpt"]).name == "lenet_dyn.mindir"
