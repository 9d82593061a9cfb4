"""CRNN's four scripts with the README's commands, both formats of data sets, and broken inputs."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from .conftest import Run, of_variant

pytestmark = pytest.mark.xdist_group("ocr/crnn")


@pytest.fixture(scope="session")
def run(run: Run) -> Run:
    """With the sample weights: the default variant's are those of somebody else, or on other data."""
    return of_variant(run, "crnn_narrow")


WORDS = ["2026", "coffee", "harbour", "lighthouse", "quick", "river", "sunday", "thunder"]


@pytest.fixture(scope="module")
def crnn_folder(exported) -> Path:
    """CRNN's folder after `python export_onnx.py`."""
    return exported("ocr/crnn/crnn_narrow")


def test_single_says_the_word_and_draws_it(crnn_folder: Path, run, tmp_path: Path) -> None:
    words = ["--data_path", "demos/harbour.jpg", "--json", tmp_path / "o.json", "--save_dir", tmp_path / "pictures"]
    done = run("example_single_batch.py", *words, cwd=crnn_folder)
    assert done.returncode == 0, done.stderr
    assert re.search(r"demos/harbour\.jpg: harbour \(\d\.\d+\)", done.stdout)
    (record,) = json.loads((tmp_path / "o.json").read_text())["predictions"]
    assert record["text"] == "harbour"
    with Image.open(record["picture"]) as picture:
        assert picture.size[0] == 512


def test_a_folder_reads_the_same_in_any_batch(crnn_folder: Path, run, tmp_path: Path) -> None:
    found = {}
    for name, words in {
        "alone": ["--batch_size", "1"],
        "together": ["--batch_size", "8"],
        "budget": ["--batch_size", "8", "--token_budget", "300"],
        "float16": ["--batch_size", "8", "--ckpt", "crnn_narrow_float16_dyn.onnx", "--dtype", "float16"],
    }.items():
        done = run("example_multi_batch.py", "--json", tmp_path / f"{name}.json", *words, cwd=crnn_folder)
        assert done.returncode == 0, done.stderr
        found[name] = json.loads((tmp_path / f"{name}.json").read_text())["predictions"]
    texts = {name: [one["text"] for one in records] for name, records in found.items()}
    assert texts["alone"] == texts["together"] == texts["budget"] == texts["float16"]
    assert sum(text == word for text, word in zip(texts["alone"], WORDS, strict=True)) >= 6  # of 8
    for one, other in zip(found["alone"], found["together"], strict=True):
        assert one["score"] == pytest.approx(other["score"], abs=2e-5)


def test_the_static_file_reads_words_up_to_its_width(crnn_folder: Path, run) -> None:
    words = ["--ckpt", "crnn_narrow.onnx", "--data_path", "demos/thunder.jpg"]
    done = run("example_single_batch.py", *words, cwd=crnn_folder)
    assert done.returncode == 0, done.stderr
    assert ": thunder (" in done.stdout


def test_a_folder_with_what_cannot_be_read(crnn_folder: Path, run, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes((crnn_folder / "demos/river.jpg").read_bytes())
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
    done = run("example_multi_batch.py", "--data_path", tmp_path, cwd=crnn_folder)
    assert done.returncode == 1
    assert done.stdout.startswith("a.jpg: river (")
    assert "b.jpg" in done.stderr
    assert "Traceback" not in done.stderr


def test_valid_over_the_sample(crnn_folder: Path, run) -> None:
    words = ["--ckpt", "crnn_narrow_dyn.onnx", "--data_path", "sample", "--batch_size", "16"]
    done = run("example_valid.py", *words, "--target", "onnx", "--dtype", "float32", cwd=crnn_folder)
    assert done.returncode == 0, done.stderr
    figures = dict(re.findall(r"^(\w+) ([\d.]+) of \d+ samples", done.stdout, re.MULTILINE))
    assert float(figures["word_accuracy"]) >= 0.85
    assert float(figures["cer"]) < 0.1
    assert "eval_metric " + figures["word_accuracy"][:5] in done.stdout


def test_valid_over_a_list_and_over_lmdb(crnn_folder: Path, run, tmp_path: Path) -> None:
    lmdb = pytest.importorskip("lmdb")
    names = ["harbour", "river", "coffee"]
    truths = ["Harbour", "river", "tea"]
    shutil.copytree(crnn_folder / "demos", tmp_path / "demos")
    lines = [f"demos/{name}.jpg\t{truth}\n" for name, truth in zip(names, truths, strict=True)]
    (tmp_path / "gt.txt").write_text("".join(lines))
    with lmdb.open(str(tmp_path / "db"), map_size=1 << 22) as environment, environment.begin(write=True) as transaction:
        transaction.put(b"num-samples", b"3")
        for number, (name, truth) in enumerate(zip(names, truths, strict=True), start=1):
            transaction.put(f"image-{number:09d}".encode(), (crnn_folder / f"demos/{name}.jpg").read_bytes())
            transaction.put(f"label-{number:09d}".encode(), truth.encode())
    for path in (tmp_path, tmp_path / "gt.txt", tmp_path / "db"):
        done = run("example_valid.py", "--data_path", path, cwd=crnn_folder)
        assert done.returncode == 0, done.stderr
        assert "word_accuracy 0.6667 of 3 samples" in done.stdout


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("demos/harbour.jpg\n", "gt.txt, line 1: 'path<TAB>word' is expected"),
        ("missing.jpg\tword\n", "there is no such file"),
        ("", "names no word"),
    ],
)
def test_broken_data_sets_are_named(crnn_folder: Path, run, tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "gt.txt").write_text(content)
    done = run("example_valid.py", "--data_path", tmp_path, cwd=crnn_folder)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
