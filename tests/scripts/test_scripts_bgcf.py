"""BGCF's scripts as a user runs them: a person's question, and files of choices that are wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("gnn/bgcf")


@pytest.fixture(scope="module")
def folder(exported) -> Path:
    """BGCF's folder after `python export_onnx.py`."""
    return exported("gnn/bgcf")


def test_one_person(folder: Path, run, tmp_path: Path) -> None:
    words = ["--data_path", "demos/person_1.json", "--topk", "3", "--json", tmp_path / "o.json"]
    done = run("example_single_batch.py", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    (record,) = json.loads((tmp_path / "o.json").read_text())["predictions"]
    known = json.loads((folder / "demos/person_1.json").read_text())["known"]
    # nothing that is known is recommended, and nothing else is missing
    assert sorted([*record["items"], *known]) == list(range(400))
    assert sum(record["scores"]) == pytest.approx(1, abs=1e-4)
    assert done.stdout.startswith(f"demos/person_1.json: item {record['items'][0]} ")


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("train.txt", "0 1 two", "train.txt, line 1: '0 1 two'; a person and things are expected, whole numbers"),
        ("test.txt", "0 400", "test.txt, line 1: item 400; this network knows the items 0 to 399"),
    ],
)
def test_a_wrong_line_is_named(folder: Path, run, zoo_home: Path, tmp_path: Path, name, line, said) -> None:
    done = run("example_valid.py", cwd=folder)
    assert done.returncode == 0, done.stderr
    shutil.copytree(zoo_home / "samples/interactions-v1", tmp_path / "data")
    lines = (tmp_path / "data" / name).read_text().splitlines()
    (tmp_path / "data" / name).write_text("\n".join([line, *lines[1:]]) + "\n")
    done = run("example_valid.py", "--data_path", tmp_path / "data", cwd=folder)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "eval_metric" not in done.stdout
    assert said in done.stderr
