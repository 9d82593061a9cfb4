"""ResNet at a small input, a script in the guide's form, and the `zoo` command."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

SMALL = ["--input_size", "64"]


@pytest.fixture(scope="module")
def resnet_folder(copy: Path, run) -> Path:
    """torchvision's ResNet-18 with random weights, exported for pictures of 64 x 64 pixels."""
    folder = copy / "example/classification/resnet"
    done = run("export_onnx.py", "--variant", "resnet18", "--weights", "random", *SMALL, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_resnet_at_another_size(resnet_folder: Path, run) -> None:
    manifest = json.loads((resnet_folder / "resnet18.export.json").read_text())
    assert manifest["weights"] == {"kind": "random", "seed": 0}
    assert manifest["files"]["dynamic"]["inputs"][0]["shape"] == ["batch", 3, "height", "width"]
    assert manifest["files"]["static"]["inputs"][0]["shape"] == [1, 3, 64, 64]
    single = run("example_single_batch.py", "--variant", "resnet18", *SMALL, "--topk", "7", cwd=resnet_folder)
    assert single.returncode == 0, single.stderr
    assert len(re.findall(r"\(\d\.\d+\)", single.stdout)) == 7
    valid = run("example_valid.py", "--ckpt", "resnet18_dyn.onnx", *SMALL, cwd=resnet_folder)
    assert valid.returncode == 0, valid.stderr
    assert re.search(r"eval_metric [\d.]+", valid.stdout)


def test_resnet_verifies_with_random_weights(resnet_folder: Path, run) -> None:
    words = ["verify", "resnet", "--variant", "resnet18", *SMALL, "--limit", "16"]
    done = run("-m", "zoo", *words, cwd=resnet_folder.parents[2])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASS by agreement") == 2


def test_without_network_pretrained_weights_are_a_sentence(resnet_folder: Path, run) -> None:
    proxy = {f"{kind}_proxy": "http://127.0.0.1:9" for kind in ("http", "https")} | {"no_proxy": ""}
    done = run("export_onnx.py", "--variant", "resnet18", cwd=resnet_folder, **proxy)
    assert done.returncode == 2
    for words in ("resnet18-f37072fd.pth (45 MB)", "--weights PATH", "--weights random"):
        assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_script_in_the_guides_form_runs_unmodified(resnet_folder: Path, run, root: Path, tmp_path: Path) -> None:
    shutil.copy(root / "tests/scripts/guide_form.py", resnet_folder / "guide_form.py")
    for index, name in enumerate(["n03877845", "n11939491"] * 5 + ["n11939491"]):
        (tmp_path / name).mkdir(exist_ok=True)
        Image.effect_noise((80, 70), 60 + index).convert("RGB").save(tmp_path / name / f"{index}.png")
    words = ["--data_path", tmp_path, "--ckpt", "resnet18_dyn.onnx", "--batch_size", "4"]
    done = run("guide_form.py", *words, cwd=resnet_folder)
    assert done.returncode == 0, done.stderr
    samples, labels, metric, summary = done.stdout.splitlines()
    assert samples == "samples 8"  # the last, partial batch is dropped, as upstream does
    assert "the last 3 of 11 images do not fill a batch of 4" in done.stderr
    assert summary.startswith("summary: avg_sps: ")
    words = ["--data_path", tmp_path, "--ckpt", "resnet18_dyn.onnx", *SMALL, "--json", tmp_path / "ours.json"]
    assert run("example_multi_batch.py", *words, cwd=resnet_folder).returncode == 0
    found = json.loads((tmp_path / "ours.json").read_text())["predictions"]
    ours = [one["classes"][0]["label"] for one in found][:8]
    assert json.loads(labels.removeprefix("labels ")) == ours
    assert float(metric.removeprefix("eval_metric ")) == sum(label == "palace" for label in ours) / 8


def test_zoo_run_lenet(copy: Path, run, tmp_path: Path) -> None:
    done = run("-m", "zoo", "run", "classification/lenet", "--output", tmp_path / "out", cwd=copy)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("PASS") == 2
    written = [line.strip() for line in done.stdout.partition("written:")[2].splitlines() if line.startswith("  ")]
    assert len(written) == 9
    assert all(Path(line.split(" (")[0]).exists() for line in written)


def test_zoo_run_takes_random_weights(copy: Path, run, tmp_path: Path) -> None:
    done = run("-m", "zoo", "run", "lenet", "--weights", "random", "--output", tmp_path, "--limit", "40", cwd=copy)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("PASS by agreement") == 2


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--help"], 0, "verify"),
        ([], 2, "usage: zoo COMMAND"),
        (["list"], 0, "classification/resnet_paddle"),
        (["info", "resnet"], 0, "resnet152"),
        (["info", "lenet"], 0, "input: float32[batch, 1, 32, 32]"),
        (["env"], 0, "ONNX Runtime, CPU"),
        (["run"], 2, "usage: zoo run MODEL"),
        (["run", "lennet"], 2, "did you mean"),
        (["fly"], 2, "zoo has no command 'fly'"),
        (["verify", "lenet", "--folder", "/nowhere"], 2, "no manifest"),
    ],
)
def test_the_zoo_command(copy: Path, run, words: list[str], code: int, says: str) -> None:
    done = run("-m", "zoo", *words, cwd=copy)
    assert done.returncode == code, done.stderr
    assert says in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
