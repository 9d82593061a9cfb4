"""U-Net's four scripts as a user runs them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.xdist_group("segmentation/unet")


@pytest.fixture(scope="module")
def folder(exported) -> Path:
    """U-Net's folder after `python export_onnx.py`."""
    return exported("segmentation/unet")


def test_one_picture(folder: Path, run, tmp_path: Path) -> None:
    words = ["--data_path", "demos/scene_0.jpg", "--json", tmp_path / "o.json", "--save_dir", tmp_path / "out"]
    done = run("example_single_batch.py", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert re.match(r"demos/scene_0\.jpg: background \d\d\.\d%, ", done.stdout)
    (record,) = json.loads((tmp_path / "o.json").read_text())["predictions"]
    with Image.open(folder / "demos/scene_0.jpg") as original, Image.open(record["picture"]) as picture:
        assert record["size"] == [original.height, original.width]
        assert picture.height > original.height
    assert sum(one["share"] for one in record["classes"]) == pytest.approx(1)
    assert all(sum(one["counts"]) == np.prod(record["size"]) for one in record["classes"])


def test_a_folder_in_float16_with_one_file_that_is_broken(folder: Path, run, tmp_path: Path) -> None:
    for path in (folder / "demos").glob("*.jpg"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
    words = ["--ckpt", "unet_narrow_float16_dyn.onnx", "--dtype", "float16", "--data_path", tmp_path]
    done = run("example_multi_batch.py", *words, cwd=folder)
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [f"scene_{n}.jpg" for n in range(4)]
    assert "skipped broken.jpg" in done.stderr


@pytest.fixture(scope="module")
def sample(folder: Path, run, zoo_home: Path) -> Path:
    """The sample data set, after a validation that wrote it."""
    done = run("example_valid.py", "--batch_size", "8", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert float(re.search(r"eval_metric ([\d.]+)", done.stdout)[1]) >= 0.85
    return zoo_home / "samples/scenes_voc-v1"


@pytest.mark.parametrize(
    ("value", "shape", "message"),
    [(9, (249, 242), "index 9 at column 0, row 0"), (0, (8, 8), "this mask has 8 x 8 pixels")],
)
def test_a_wrong_mask_is_named(folder: Path, run, sample: Path, tmp_path: Path, value, shape, message) -> None:
    shutil.copytree(sample, tmp_path / "voc")
    Image.fromarray(np.full(shape, value, np.uint8)).save(tmp_path / "voc/SegmentationClass/scene_0002.png")
    done = run("example_valid.py", "--data_path", tmp_path / "voc", cwd=folder)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "eval_metric" not in done.stdout
    assert "scene_0002.png" in done.stderr
    assert message in done.stderr


def test_an_input_size_that_does_not_fit(folder: Path, run) -> None:
    done = run("example_single_batch.py", "--input_size", "250", cwd=folder)
    assert done.returncode == 2
    assert "multiples of 16, such as 240 or 256" in done.stderr
    assert "Traceback" not in done.stderr
