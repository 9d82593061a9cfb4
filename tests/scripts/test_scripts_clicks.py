"""The click models' scripts, as their README has them and with broken rows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from utils.datasets.samples import clicks

pytestmark = pytest.mark.xdist_group("recommendation/deepfm")

ROW = clicks.draw(1, 99).rows[0]


@pytest.fixture(scope="module", params=["wide_deep", "deepfm"])
def folder(request: pytest.FixtureRequest, exported) -> Path:
    """A click model's folder after `python export_onnx.py`."""
    return exported(f"recommendation/{request.param}")


@pytest.fixture(scope="module")
def deepfm(exported) -> Path:
    """DeepFM's folder after `python export_onnx.py`."""
    return exported("recommendation/deepfm")


def test_the_commands_of_the_readme(folder: Path, run, tmp_path: Path) -> None:
    manifest = json.loads((folder / f"{folder.name}.export.json").read_text())
    inputs = [(one["name"], one["dtype"], one["shape"]) for one in manifest["files"]["float16"]["inputs"]]
    assert inputs == [("dense", "float16", ["batch", 13]), ("sparse", "int64", ["batch", 26])]
    single = run("example_single_batch.py", "--data_path", "demos/rows.tsv", cwd=folder)
    assert single.returncode == 0, single.stderr
    assert len(re.findall(r"^demos/rows\.tsv:\d: click 0\.\d{4}$", single.stdout, re.MULTILINE)) == 8
    words = ["--ckpt", f"{folder.name}_dyn.onnx", "--batch_size", "512", "--json", tmp_path / "v.json"]
    valid = run("example_valid.py", *words, cwd=folder)
    assert valid.returncode == 0, valid.stderr
    auc = float(re.search(r"eval_metric ([\d.]+)", valid.stdout)[1])
    assert auc > 0.8408 - 0.02
    assert json.loads((tmp_path / "v.json").read_text())["metrics"]["log_loss"] < 0.4473 + 0.03


def test_a_typed_row_is_a_row_of_a_file(deepfm: Path, run, tmp_path: Path) -> None:
    typed = run("example_single_batch.py", "--text", ROW, "--text", f"1\t{ROW}", cwd=deepfm)
    assert typed.returncode == 0, typed.stderr
    (tmp_path / "a.csv").write_text(ROW.replace("\t", ",") + "\n")
    read = run("example_single_batch.py", "--data_path", tmp_path / "a.csv", cwd=deepfm)
    scores = re.findall(r"click ([\d.]+)", typed.stdout + read.stdout)
    assert len(scores) == 3
    assert len(set(scores)) == 1


def test_broken_rows_are_named(deepfm: Path, run, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text(f"{ROW}\nshort\n{ROW}\n")
    multi = run("example_multi_batch.py", "--data_path", tmp_path, cwd=deepfm)
    assert multi.returncode == 1
    assert multi.stdout.count("click") == 2
    assert "skipped a.tsv:2: " in multi.stderr
    assert "expected 39" in multi.stderr
    for words in (["--text", "1\t2"], ["--data_path", tmp_path / "a.tsv"]):
        done = run("example_single_batch.py", *words, cwd=deepfm)
        assert done.returncode == 2
        assert "columns, expected 39" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f"1\t{ROW}\n{ROW}\n", "a.tsv:2: the row has 39 columns, expected 40"),
        (f"1\t{ROW}\n3\t{ROW}\n", "a.tsv:2: the label is '3'"),
        (f"1\t{ROW}\n0\tx{ROW}\n", "column I1"),
        (f"1\t{ROW}\n", "all 1 labels are 1"),
        ("", "the file is empty"),
    ],
)
def test_a_wrong_log_is_a_sentence_not_a_metric(deepfm: Path, run, tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "a.tsv").write_text(content)
    done = run("example_valid.py", "--data_path", tmp_path / "a.tsv", cwd=deepfm)
    assert done.returncode == 2
    assert "eval_metric" not in done.stdout
    assert "Traceback" not in done.stderr
    assert words in done.stderr
