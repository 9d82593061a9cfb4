"""YOLOX's four scripts, with the README's commands and with what goes wrong."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from utils.datasets.samples.scenes import write_coco

from .conftest import Run, of_variant

pytestmark = pytest.mark.xdist_group("detection/yolox")


@pytest.fixture(scope="session")
def run(run: Run) -> Run:
    """With the sample weights: the default variant's are those of somebody else, or on other data."""
    return of_variant(run, "yolox_sample")


@pytest.fixture(scope="module")
def folder(exported) -> Path:
    """The model's folder after `python export_onnx.py`."""
    return exported("detection/yolox/yolox_sample")


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("data") / "scenes"
    write_coco(place, count=12)
    return place


def test_single(folder: Path, run, tmp_path: Path) -> None:
    words = ["--data_path", "demos/scene_0.jpg", "--json", tmp_path / "out.json", "--save_dir", tmp_path / "drawn"]
    for name in ("torch", "paddle", "onnx", "torchvision", "pycocotools"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name} was imported')\n")
    done = run("example_single_batch.py", *words, cwd=folder, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"demos/scene_0\.jpg: \d \w+.*: \w+ 0\.\d{3} \[\d+ \d+ \d+ \d+\]", done.stdout)
    whole = json.loads((tmp_path / "out.json").read_text())
    assert whole["listed"].startswith("objects with a score of 0.3 or more, of which no two of a class overlap")
    (record,) = whole["predictions"]
    with Image.open(folder / "demos/scene_0.jpg") as original, Image.open(record["picture"]) as picture:
        assert record["size"] == list(original.size)
        assert picture.width % original.width == 0
    labels = [entry["label"] for entry in record["objects"]]
    assert len(labels) >= 4
    assert set(labels) <= {"disc", "triangle", "square", "cross"}


def test_folder_skips_what_cannot_be_read(folder: Path, run, tmp_path: Path) -> None:
    data = tmp_path / "in"
    shutil.copytree(folder / "demos", data)
    (data / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
    Image.new("RGB", (4000, 1)).save(data / "line.png")
    done = run("example_multi_batch.py", "--data_path", data, "--save_dir", tmp_path / "out", cwd=folder)
    assert done.returncode == 1
    assert "skipped broken.jpg" in done.stderr
    assert "skipped line.png" in done.stderr
    assert "too narrow" in done.stderr
    assert len(list((tmp_path / "out").iterdir())) == 5


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_valid(folder: Path, run, scenes: Path, tmp_path: Path, dtype: str) -> None:
    name = "yolox_sample_dyn.onnx" if dtype == "float32" else "yolox_sample_float16_dyn.onnx"
    words = ["--ckpt", name, "--data_path", scenes, "--batch_size", 5, "--target", "onnx", "--dtype", dtype]
    done = run("example_valid.py", *words, "--json", tmp_path / "out.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1].startswith("summary: avg_sps: ")
    value = float(lines[-2].removeprefix("eval_metric "))
    assert 0.75 < value <= 1
    figures = json.loads((tmp_path / "out.json").read_text())
    assert value == pytest.approx(figures["metrics"]["map50"], abs=1e-6)
    assert 0.4 < figures["metrics"]["map"] < value
    scores = [row[-1] for picture in figures["counts"]["pictures"] for row in picture["found"]]
    assert 0.01 <= min(scores) < 0.3, "what is not shown is there too"


def test_another_input_size(folder: Path, run, scenes: Path) -> None:
    done = run("example_valid.py", "--data_path", scenes, "--input_size", 192, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert float(re.search(r"eval_metric ([\d.]+)", done.stdout)[1]) > 0.5  # type: ignore[index]


def test_wrong_use_is_a_sentence(folder: Path, run, scenes: Path, tmp_path: Path) -> None:
    content = json.loads((scenes / "annotations/instances_val.json").read_text())
    content["annotations"][7]["category_id"] = 9
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(content))
    for script, words, said in (
        ("example_single_batch.py", ["--input_size", "100"], "multiples of 32"),
        ("example_valid.py", ["--data_path", broken], "annotation 8: field 'category_id' is 9"),
        ("example_valid.py", ["--data_path", folder], "instances_<part>.json"),
        ("example_valid.py", ["--data_path", scenes, "--variant", "yolox_nano"], "is 'disc', which is none of the 80"),
    ):
        done = run(script, *words, cwd=folder)
        assert done.returncode == 2, done.stdout + done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_weights_that_cannot_be_fetched_leave_three_ways_on(folder: Path, run) -> None:
    nowhere = "http://127.0.0.1:9"
    done = run("export_onnx.py", "--variant", "yolox_nano", cwd=folder, https_proxy=nowhere, no_proxy="")
    assert done.returncode == 2, done.stdout + done.stderr
    for said in ("yolox_nano.onnx", "--weights PATH", "TECO_ZOO_MIRROR", "--variant yolox_sample"):
        assert said in done.stderr
    assert "Traceback" not in done.stderr
