"""TextCNN's scripts, with the README's own commands and with texts that cannot be used."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from .conftest import Run, of_variant

pytestmark = pytest.mark.xdist_group("nlp/textcnn")


@pytest.fixture(scope="session")
def run(run: Run) -> Run:
    """With the sample weights: the default variant's are those of somebody else, or on other data."""
    return of_variant(run, "textcnn")


@pytest.fixture(scope="module")
def folder(exported) -> Path:
    """TextCNN's folder after `python export_onnx.py`."""
    return exported("nlp/textcnn/textcnn")


def test_typed_texts(folder: Path, run, tmp_path: Path) -> None:
    words = ["--text", "The food is not bad at all.", "--text", "I hated the view.", "--json", tmp_path / "o.json"]
    done = run("example_single_batch.py", *words, "--save_dir", tmp_path / "out", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"text 1: positive \(\d\.\d+\)\ntext 2: negative \(\d\.\d+\)\n", done.stdout)
    first, _ = json.loads((tmp_path / "o.json").read_text())["predictions"]
    assert (first["tokens"], first["tokens_in_text"]) == (8, 8)
    with Image.open(first["picture"]) as picture:
        assert picture.width == 512


def test_a_folder_of_texts_and_tables(folder: Path, run) -> None:
    done = run("example_multi_batch.py", "--token_budget", "40", cwd=folder)
    assert done.returncode == 0, done.stderr
    found = dict(re.findall(r"^(\S+): (\w+) \(", done.stdout, re.MULTILINE))
    assert found == {
        "ending.txt": "negative",
        "hotel.txt": "positive",
        "restaurant.txt": "positive",
        "reviews.tsv:2": "positive",
        "reviews.tsv:3": "negative",
    }
    assert list(found) == sorted(found)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_accuracy_and_f1(folder: Path, run, tmp_path: Path, dtype: str) -> None:
    words = ["--dtype", dtype, "--batch_size", "32", "--json", tmp_path / "v.json"]
    done = run("example_valid.py", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    said = json.loads((tmp_path / "v.json").read_text())
    assert min(said["metrics"].values()) >= 0.9
    assert said["counts"]["samples"] == 1000
    assert said["inputs"] == ["input_ids: int64[batch, length]"]  # batches are as long as their longest text
    assert done.stdout.splitlines()[-2].startswith("eval_metric 0.9")


def test_only_tokenizers_is_needed_beside_the_runtime(folder: Path, run, tmp_path: Path) -> None:
    for name in ("torch", "transformers", "sklearn", "scipy", "onnx", "safetensors"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name} was imported')\n")
    done = run("example_single_batch.py", "--text", "fine", cwd=folder, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "tokenizers.py").write_text("raise ImportError\n")
    done = run("example_single_batch.py", "--text", "fine", cwd=folder, PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert "pip install 'tokenizers>=" in done.stderr


def test_texts_that_cannot_be_read_are_named_and_left_out(folder: Path, run, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "latin.txt").write_bytes("trés bon".encode("latin-1"))
    (tmp_path / "long.txt").write_text("the food is great. " * 100)
    (tmp_path / "table.tsv").write_text("sentence\tlabel\nfine\n")
    done = run("example_multi_batch.py", "--data_path", tmp_path, cwd=folder)
    assert done.returncode == 1
    assert re.fullmatch(r"long\.txt: positive \(\d\.\d+\) of the first 128 of 500 tokens\n", done.stdout)
    assert "text of 500 tokens, of which the network takes 128" in done.stderr
    assert "skipped empty.txt: " in done.stderr
    assert re.search(r"skipped latin\.txt: .*latin\.txt, line 1: this is not UTF-8 \(byte 0xe9\)", done.stderr)
    assert re.search(r"skipped table\.tsv: .*table\.tsv, line 2: 1 fields, expected 2", done.stderr)
    assert "3 of 4 files could not be read" in done.stderr


@pytest.mark.parametrize(
    ("script", "flags", "words"),
    [
        ("example_single_batch.py", ["--text", "  "], "text 1: the text is empty"),
        ("example_single_batch.py", ["--text", "a", "--data_path", "demos/hotel.txt"], "--text and --data_path"),
        ("example_single_batch.py", ["--data_path", "none.txt"], "no file none.txt"),
        ("example_valid.py", ["--data_path", "demos"], "there is no dev.tsv in this folder"),
        ("example_valid.py", ["--data_path", "vocabulary.txt"], "there is no field 'sentence'"),
        ("example_single_batch.py", ["--ckpt", "textcnn.onnx", "--input_size", "200", "--text", "a " * 150], "150"),
        ("export_onnx.py", ["--weights", "pretrained"], "no published weights"),
    ],
)
def test_wrong_use(folder: Path, run, script: str, flags: list[str], words: str) -> None:
    done = run(script, *flags, cwd=folder)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_the_static_file_pads_to_its_length(folder: Path, run) -> None:
    done = run("example_single_batch.py", "--ckpt", "textcnn.onnx", "--text", "I loved the garden.", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("text 1: positive")
