"""DBNet's four scripts with the README's commands, ICDAR's format, and broken inputs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.xdist_group("ocr/dbnet")


@pytest.fixture(scope="module")
def dbnet_folder(exported) -> Path:
    """DBNet's folder after `python export_onnx.py`."""
    return exported("ocr/dbnet")


def test_single_finds_text_and_draws_it(dbnet_folder: Path, run, tmp_path: Path) -> None:
    words = ["--data_path", "demos/scene_1.jpg", "--json", tmp_path / "o.json", "--save_dir", tmp_path / "pictures"]
    done = run("example_single_batch.py", *words, cwd=dbnet_folder)
    assert done.returncode == 0, done.stderr
    assert re.search(r"demos/scene_1\.jpg: \d+ texts? \(0\.\d\d", done.stdout)
    (record,) = json.loads((tmp_path / "o.json").read_text())["predictions"]
    with Image.open(dbnet_folder / "demos/scene_1.jpg") as image:
        width, height = image.size
    for text in record["texts"]:
        assert len(text["polygon"]) == 4
        assert all(0 <= x <= width and 0 <= y <= height for x, y in text["polygon"])
    with Image.open(record["picture"]) as picture:
        assert picture.width == 2 * width
        assert picture.height > 2 * height  # below it stands what the weights are


def test_a_folder_with_what_cannot_be_read(dbnet_folder: Path, run, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes((dbnet_folder / "demos/scene_1.jpg").read_bytes())
    Image.new("RGB", (50, 30), (90, 90, 90)).save(tmp_path / "b.png")
    (tmp_path / "c.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
    done = run("example_multi_batch.py", "--data_path", tmp_path, cwd=dbnet_folder)
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["a.jpg", "b.png"]
    assert "b.png: 0 texts" in done.stdout
    assert "c.jpg" in done.stderr
    assert "Traceback" not in done.stderr


def test_valid_over_the_sample_and_at_another_size(dbnet_folder: Path, run) -> None:
    words = ["--ckpt", "dbnet_resnet18_narrow_dyn.onnx", "--data_path", "sample", "--batch_size", "8"]
    done = run("example_valid.py", *words, "--target", "onnx", "--dtype", "float32", cwd=dbnet_folder)
    assert done.returncode == 0, done.stderr
    figures = dict(re.findall(r"^(\w+) ([\d.]+) of \d+ samples", done.stdout, re.MULTILINE))
    assert float(figures["hmean"]) >= 0.85
    assert set(figures) == {"hmean", "precision", "recall"}
    done = run("example_valid.py", *words, "--input_size", "384", cwd=dbnet_folder, TECO_INFER_PIPELINES_MAX_STEPS="2")
    assert done.returncode == 0, done.stderr
    assert "eval_metric 0." in done.stdout


def test_an_input_size_that_the_network_cannot_take(dbnet_folder: Path, run) -> None:
    done = run("example_single_batch.py", "--input_size", "300", cwd=dbnet_folder)
    assert done.returncode == 2
    assert "multiples of 32" in done.stderr


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,2,30,2,word", "gt_img_1.txt, line 1: this polygon has 2 points"),
        ("1,2,30,two,30,12,1,12,word", "gt_img_1.txt, line 1: a coordinate is not a number"),
    ],
)
def test_broken_data_sets_are_named(dbnet_folder: Path, run, tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "img_1.jpg").write_bytes((dbnet_folder / "demos/scene_1.jpg").read_bytes())
    (tmp_path / "gt_img_1.txt").write_text(f"{line}\n")
    done = run("example_valid.py", "--data_path", tmp_path, cwd=dbnet_folder)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
