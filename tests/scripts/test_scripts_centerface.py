"""CenterFace's four scripts as a user runs them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from .conftest import Run, of_variant

pytestmark = pytest.mark.xdist_group("face/centerface")


@pytest.fixture(scope="session")
def run(run: Run) -> Run:
    """With the sample weights: the default variant's are those of somebody else, or on other data."""
    return of_variant(run, "centerface_half")


@pytest.fixture(scope="module")
def folder(exported) -> Path:
    """CenterFace's folder after `python export_onnx.py`."""
    return exported("face/centerface/centerface_half")


def test_one_picture(folder: Path, run, tmp_path: Path) -> None:
    words = ["--data_path", "demos/faces_0.jpg", "--json", tmp_path / "o.json", "--save_dir", tmp_path / "out"]
    done = run("example_single_batch.py", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert re.match(r"demos/faces_0\.jpg: \d faces; \(\d+, \d+\)-\(\d+, \d+\) [01]\.\d\d", done.stdout)
    whole = json.loads((tmp_path / "o.json").read_text())
    assert whole["listed"].startswith("faces with a score of 0.5 or more; ")
    (record,) = whole["predictions"]
    best = record["faces"][0]
    left, top, right, bottom = best["box"]
    assert list(best["landmarks"]) == ["left_eye", "right_eye", "nose", "left_mouth", "right_mouth"]
    assert all(left < x < right and top < y < bottom for x, y in best["landmarks"].values())
    with Image.open(record["picture"]) as picture:
        assert max(picture.size) >= 640


def test_a_folder_in_float16_with_one_file_that_is_broken(folder: Path, run, tmp_path: Path) -> None:
    for path in (folder / "demos").glob("*.jpg"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
    words = ["--ckpt", "centerface_half_float16_dyn.onnx", "--dtype", "float16", "--data_path", tmp_path]
    done = run("example_multi_batch.py", *words, cwd=folder)
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [f"faces_{n}.jpg" for n in range(4)]
    assert "skipped broken.jpg" in done.stderr


def test_the_metric(folder: Path, run) -> None:
    done = run("example_valid.py", "--batch_size", "8", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert float(re.search(r"eval_metric ([\d.]+)", done.stdout)[1]) >= 0.85
    assert float(re.search(r"nme ([\d.]+)", done.stdout)[1]) < 0.15


@pytest.mark.parametrize(
    ("rows", "message"),
    [("1\n1 2 3\n", "line 3: 3 numbers, expected 10"), ("1 2 3\n", "line 2: got '1 2 3'")],
)
def test_a_wrong_list_is_a_sentence(folder: Path, run, tmp_path: Path, rows: str, message: str) -> None:
    image = tmp_path / "WIDER_val/images/0--Parade/a.jpg"
    image.parent.mkdir(parents=True)
    Image.new("RGB", (64, 64)).save(image)
    (tmp_path / "wider_face_split").mkdir()
    (tmp_path / "wider_face_split/wider_face_val_bbx_gt.txt").write_text(f"0--Parade/a.jpg\n{rows}")
    done = run("example_valid.py", "--data_path", tmp_path, cwd=folder)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert message in done.stderr


def test_an_input_size_that_does_not_fit(folder: Path, run) -> None:
    done = run("example_single_batch.py", "--input_size", "300", cwd=folder)
    assert done.returncode == 2
    assert "multiples of 32, such as 288 or 320" in done.stderr
    assert "Traceback" not in done.stderr
