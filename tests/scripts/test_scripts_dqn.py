"""DQN's scripts as a user runs them: the real environment is played, and everything that can be wrong with a file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from PIL import Image

from .conftest import Run, of_variant

pytestmark = pytest.mark.xdist_group("reinforcement/dqn")


@pytest.fixture(scope="session")
def run(run: Run) -> Run:
    """With the sample weights: the default variant's are those of somebody else, or on other data."""
    return of_variant(run, "dqn")


@pytest.fixture(scope="module")
def folder(exported) -> Path:
    """DQN's folder after `python export_onnx.py`."""
    return exported("reinforcement/dqn/dqn")


def test_single_plays_the_episode(folder: Path, run, tmp_path: Path) -> None:
    words = ["--data_path", "demos/cartpole_30001.json", "--json", tmp_path / "out.json"]
    done = run("example_single_batch.py", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    (said,) = json.loads((tmp_path / "out.json").read_text())["predictions"]
    assert said["id"] == "demos/cartpole_30001.json:30001"
    assert said["return"] == said["steps"] == len(said["actions"])
    assert done.stdout.startswith(
        f"demos/cartpole_30001.json:30001: return {said['return']:g} in {said['steps']} steps"
    )


def test_a_folder_of_episodes_with_animations(folder: Path, run, tmp_path: Path) -> None:
    words = ["--data_path", "demos", "--save_dir", tmp_path, "--batch_size", "4"]
    done = run("example_multi_batch.py", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    found = re.findall(r"^(\S+): return (\d+)", done.stdout, re.MULTILINE)
    assert [name for name, _ in found] == [
        "cartpole_30001.json:30001",
        "cartpole_30002.json:30002",
        *(f"cartpole_three.json:{seed}" for seed in (30003, 30004, 30005)),
    ]
    for name, total in found:
        with Image.open(tmp_path / f"{name.replace(':', '_')}.gif") as picture:
            assert picture.n_frames == int(total) // 2 + 1 + int(total) % 2


def test_zoo_run_counts_the_animations(copy: Path, run, tmp_path: Path) -> None:
    done = run("-m", "zoo", "run", "reinforcement/dqn/dqn", "--output", tmp_path, "--limit", "10", cwd=copy)
    assert done.returncode == 0, done.stderr
    assert f"{tmp_path / 'single'} (1 picture)" in done.stdout
    assert f"{tmp_path / 'multi'} (5 pictures)" in done.stdout


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_valid_reaches_what_solving_means(folder: Path, run, dtype: str) -> None:
    done = run("example_valid.py", "--data_path", "sample", "--batch_size", "100", "--dtype", dtype, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "mean_return" in done.stdout
    assert "of 100 samples" in done.stdout
    assert float(re.search(r"^eval_metric ([\d.]+)$", done.stdout, re.MULTILINE)[1]) >= 475


def test_episodes_do_not_depend_on_the_batch(folder: Path, run, tmp_path: Path) -> None:
    said = []
    for size in ("1", "5"):
        words = ["--data_path", "demos", "--batch_size", size, "--json", tmp_path / f"{size}.json"]
        assert run("example_multi_batch.py", *words, cwd=folder).returncode == 0
        found = json.loads((tmp_path / f"{size}.json").read_text())["predictions"]
        said.append([(one["id"], one["return"]) for one in found])
    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "not JSON"),
        ('{"environment": "CartPole-v1", "seeds": ["7"]}', "seeds[0] is '7'"),
        ('{"environment": "LunarLander-v3", "seeds": [7]}', "this network plays CartPole-v1"),
    ],
)
def test_files_that_are_wrong(folder: Path, run, tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "wrong.json").write_text(text)
    for script, data in (
        ("example_single_batch.py", tmp_path / "wrong.json"),
        ("example_multi_batch.py", tmp_path),
        ("example_valid.py", tmp_path),
    ):
        done = run(script, "--data_path", data, cwd=folder)
        assert done.returncode == (1 if "multi" in script else 2)
        assert words in done.stderr
        assert "Traceback" not in done.stderr
        assert "eval_metric" not in done.stdout


def test_without_gymnasium_the_sentence_says_what_to_install(folder: Path, run, tmp_path: Path) -> None:
    (tmp_path / "gymnasium.py").write_text("raise ModuleNotFoundError('no gymnasium here', name='gymnasium')\n")
    done = run("example_single_batch.py", cwd=folder, PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert "pip install gymnasium" in done.stderr
    assert "Traceback" not in done.stderr


def test_playing_imports_no_framework_and_no_game_library(folder: Path, run, tmp_path: Path) -> None:
    for name in ("torch", "pygame", "onnx", "scipy", "rich"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name} was imported')\n")
    done = run("example_single_batch.py", "--save_dir", tmp_path, cwd=folder, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
