"""ocr/read as a user has it: a chain of three networks of the zoo, upside-down scenes, and names that are none."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image

pytestmark = pytest.mark.xdist_group("ocr/read")

CHAIN = "dbnet_resnet18_narrow+cnn_direction+crnn_narrow"
SCENES = "../dbnet/demos"


@pytest.fixture(scope="module")
def folder(copy: Path, run) -> Path:
    """The folder after `python export_onnx.py --variant` of a chain with sample weights."""
    place = copy / "example/ocr/read"
    done = run("export_onnx.py", "--variant", CHAIN, cwd=place)
    assert done.returncode == 0, done.stderr
    return place


def read(run, folder: Path, scene: Path, place: Path) -> list[tuple[str, float]]:
    """The texts of a scene, each with the middle of its place as a share of the scene's width."""
    done = run("example_single_batch.py", "--variant", CHAIN, "--data_path", scene, "--json", place, cwd=folder)
    assert done.returncode == 0, done.stderr
    (record,) = json.loads(place.read_text())["predictions"]
    with Image.open(folder / scene) as picture:
        width = picture.width
    middles = [sum(x for x, _ in line["polygon"]) / 4 / width for line in record["lines"]]
    return [(line["text"], middle) for line, middle in zip(record["lines"], middles, strict=True)]


def test_what_stands_on_its_head_is_read_right(folder: Path, run, tmp_path: Path) -> None:
    """A scene and the same upside down: the words are the same, and each is where it was."""
    scene = folder / SCENES / "scene_4.jpg"
    with Image.open(scene) as picture:
        picture.rotate(180).save(tmp_path / "turned.png")
    upright = dict(read(run, folder, scene, tmp_path / "a.json"))
    turned = dict(read(run, folder, tmp_path / "turned.png", tmp_path / "b.json"))
    same = upright.keys() & turned.keys()
    assert {"coffee", "castle", "1850"} <= same
    assert all(abs(upright[text] + turned[text] - 1) < 0.05 for text in same)


def test_a_validation_counts_places_and_texts(folder: Path, run) -> None:
    words = ["--ckpt", f"{CHAIN}.export.json", "--data_path", "sample"]
    done = run("example_valid.py", *words, cwd=folder, TECO_INFER_PIPELINES_MAX_STEPS="8")
    assert done.returncode == 0, done.stderr
    figures = dict(re.findall(r"^(\w+) ([\d.]+) of 8 samples", done.stdout, re.MULTILINE))
    assert set(figures) == {"hmean", "precision", "recall"}
    assert 0.2 < float(figures["hmean"]) < 1


def test_networks_of_two_frameworks_are_one_model(copy: Path, run) -> None:
    """PyTorch's and an ONNX graph, with random weights: each file is compared with its own framework."""
    folder, chain = copy / "example/ocr/read", "dbnet_resnet18_narrow+ppocrv6_rec"
    done = run("export_onnx.py", "--variant", chain, "--weights", "random", cwd=folder)
    assert done.returncode == 0, done.stderr
    said = json.loads((folder / f"{chain}.export.json").read_text())
    assert {one["kind"] for one in said["weights"]["members"].values()} == {"random"}
    assert {"torch", "onnx"} <= said["versions"].keys()
    assert all(one["difference"]["relative"] < 0.02 for one in said["files"].values())
    done = run("example_multi_batch.py", "--variant", chain, "--data_path", SCENES, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "random weights" in done.stderr
    done = run("example_single_batch.py", "--variant", chain, "--target", "frameworks", cwd=folder)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--variant", "ppocrv6_det+nobody"], "'nobody' is no recogniser that can be in a chain: these are"),
        (["--variant", "crnn_narrow+dbnet_resnet18"], "'crnn_narrow' is no detector that can be in a chain"),
        (["--variant", "ppocrv6_read+crnn_narrow"], "'ppocrv6_read' is no detector that can be in a chain"),
        (["--variant", "deeptext_narrow+crnn_narrow"], "det: variant deeptext_narrow of ocr/deeptext has no published"),
        (["--weights", "model.py"], "consists of several networks (det, rec)"),
    ],
)
def test_what_cannot_be_is_a_sentence(copy: Path, run, words: list[str], said: str) -> None:
    done = run("export_onnx.py", *words, cwd=copy / "example/ocr/read")
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
