"""The graph networks' scripts, as their README has them and with broken graphs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from .conftest import Run, of_variant

pytestmark = pytest.mark.xdist_group("gnn/gcn")


@pytest.fixture(scope="session")
def run(run: Run) -> Run:
    """With the sample weights: the default variant's are those of somebody else, or on other data."""
    return of_variant(run, "gcn")


CHAIN: dict[str, Any] = {"nodes": ["Anna", "Ben", "Cleo"], "edges": [["Anna", "Ben"], ["Ben", "Cleo"]]}


@pytest.fixture(scope="module")
def folder(exported, run) -> Path:
    """The folder after both variants were exported."""
    place = exported("gnn/gcn/gcn")
    done = run("export_onnx.py", "--variant", "gat", cwd=place)
    assert done.returncode == 0, done.stderr
    return place


@pytest.mark.parametrize("variant", ["gcn", "gat"])
def test_the_commands_of_the_readme(folder: Path, run, tmp_path: Path, variant: str) -> None:
    manifest = json.loads((folder / f"{variant}.export.json").read_text())
    assert [one["shape"] for one in manifest["files"]["dynamic"]["inputs"]] == [
        ["batch", "nodes", 4],
        ["batch", "nodes", "nodes"],
    ]
    words = ["--variant", variant, "--data_path", "demos/karate.json", "--json", tmp_path / "o.json"]
    single = run("example_single_batch.py", *words, "--save_dir", tmp_path / "p", cwd=folder)
    assert single.returncode == 0, single.stderr
    assert re.search(r"^demos/karate\.json: 34 nodes: \d+ A, \d+ B$", single.stdout, re.MULTILINE)
    nodes = json.loads((tmp_path / "o.json").read_text())["predictions"][0]["nodes"]
    assert [one["label"] for one in nodes[:2]] == ["A", "B"], "the leaders are on their own sides"
    assert (tmp_path / "p/karate.json.png").stat().st_size > 10_000
    multi = run("example_multi_batch.py", "--variant", variant, "--batch_size", "4", cwd=folder)
    assert multi.returncode == 0, multi.stderr
    assert multi.stdout.startswith("karate.json: "), "in the files' order"
    assert single.stdout.partition(": ")[2].strip() == multi.stdout.splitlines()[0].partition(": ")[2]
    valid = run("example_valid.py", "--variant", variant, cwd=folder)
    assert valid.returncode == 0, valid.stderr
    assert float(re.search(r"eval_metric ([\d.]+)", valid.stdout)[1]) >= 0.92


def test_the_static_file_takes_smaller_graphs(folder: Path, run, tmp_path: Path) -> None:
    words = ["--ckpt", "gcn.onnx", "--json", tmp_path / "o.json"]
    done = run("example_valid.py", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "accuracy 0.9271 of 25 samples" in done.stdout


def test_a_persons_graph(folder: Path, run, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(CHAIN | {"known": {"Anna": "C"}}))
    done = run("example_single_batch.py", "--data_path", tmp_path / "a.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "a.json: 3 nodes: 3 C" in done.stdout


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (CHAIN | {"edges": [["Anna", "Zoe"]], "known": {}}, "edge 1, ['Anna', 'Zoe'], leads to a node 'Zoe'"),
        (CHAIN | {"known": {"Anna": "Z"}}, "the classes are A, B, C, D"),
        (CHAIN | {"features": [[1], [2], [3]]}, "have 1 features each, and this network takes 4"),
        ("not JSON", "this is not JSON"),
    ],
)
def test_a_broken_graph_is_a_sentence(folder: Path, run, tmp_path: Path, said: Any, words: str) -> None:
    (tmp_path / "a.json").write_text(said if isinstance(said, str) else json.dumps(said))
    done = run("example_single_batch.py", "--data_path", tmp_path / "a.json", cwd=folder)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert words in done.stderr


def test_a_broken_data_set_is_a_sentence(folder: Path, run, tmp_path: Path) -> None:
    done = run("example_valid.py", "--data_path", tmp_path, cwd=folder)
    assert done.returncode == 2
    assert "no file ind.<name>.graph" in done.stderr
    (tmp_path / "ind.a.graph").write_bytes(b"cos\nsystem\n(S'echo it ran'\ntR.")
    done = run("example_valid.py", "--data_path", tmp_path, cwd=folder)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "it ran" not in done.stdout
