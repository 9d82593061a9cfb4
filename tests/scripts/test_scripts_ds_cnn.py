"""DS-CNN's scripts as a user runs them: the README's commands, recordings of every kind, and what goes wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from .conftest import Run, of_variant

pytestmark = pytest.mark.xdist_group("speech/ds_cnn")


@pytest.fixture(scope="session")
def run(run: Run) -> Run:
    """With the sample weights: the default variant's are those of somebody else, or on other data."""
    return of_variant(run, "ds_cnn_s")


HEARD = {
    "yes.wav": "yes",
    "stop.wav": "stop",
    "left_8khz.wav": "left",
    "go_44khz_stereo.flac": "go",
    "right_in_a_longer_recording.flac": "right",
    "another_word_house.wav": "_unknown_",
    "noise.wav": "_silence_",
}


@pytest.fixture(scope="module")
def folder(exported) -> Path:
    """DS-CNN's folder after `python export_onnx.py`."""
    return exported("speech/ds_cnn/ds_cnn_s")


def test_every_demo_is_heard_rightly_and_drawn(folder: Path, run, tmp_path: Path) -> None:
    words = ["--data_path", "demos", "--save_dir", tmp_path / "annotated", "--json", tmp_path / "out.json"]
    done = run("example_multi_batch.py", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    heard = dict(re.findall(r"^(\S+): (\S+) \([\d.]+\)$", done.stdout, re.MULTILINE))
    assert heard == HEARD
    assert len(json.loads((tmp_path / "out.json").read_text())["predictions"]) == len(HEARD)
    for name in HEARD:
        with Image.open(tmp_path / "annotated" / f"{name}.png") as picture:
            assert picture.width == 512


def test_single_says_the_best_words(folder: Path, run) -> None:
    words = ["--data_path", "demos/go_44khz_stereo.flac", "--topk", "3", "--dtype", "float16"]
    done = run("example_single_batch.py", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("demos/go_44khz_stereo.flac: go (")
    assert done.stdout.count("(") == 3


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_valid_reaches_what_the_readme_says(folder: Path, run, dtype: str) -> None:
    done = run("example_valid.py", "--data_path", "sample", "--dtype", dtype, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "of 216 samples" in done.stdout
    assert float(re.search(r"^eval_metric ([\d.]+)$", done.stdout, re.MULTILINE)[1]) >= 0.9


def test_a_recording_at_16_khz_needs_no_scipy_and_no_framework(folder: Path, run, tmp_path: Path) -> None:
    for name in ("torch", "scipy", "onnx", "librosa", "espeakng_loader", "rich"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name} was imported')\n")
    done = run("example_single_batch.py", "--data_path", "demos/yes.wav", cwd=folder, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_recordings_that_cannot_be_read_are_named_and_left_out(folder: Path, run, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "fine.wav", np.zeros(16_000, np.float32), 16_000)
    soundfile.write(tmp_path / "no_samples.wav", np.zeros(0, np.float32), 16_000)
    cut = (folder / "demos/yes.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(cut[: len(cut) // 2])
    (tmp_path / "text.wav").write_text("yes, said nobody")
    done = run("example_multi_batch.py", "--data_path", tmp_path, cwd=folder)
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["fine.wav"]
    for words in ("skipped no_samples.wav", "holds no samples", "skipped cut.wav", "incomplete", "no WAV or FLAC"):
        assert words in done.stderr
    assert "3 of 4 files could not be read" in done.stderr
    for name in ("no_samples.wav", "cut.wav", "text.wav"):
        done = run("example_single_batch.py", "--data_path", tmp_path / name, cwd=folder)
        assert done.returncode == 2
        assert name in done.stderr
        assert "Traceback" not in done.stderr


def test_a_data_set_without_its_words(folder: Path, run, tmp_path: Path) -> None:
    (tmp_path / "data/hello").mkdir(parents=True)
    soundfile.write(tmp_path / "data/hello/1.wav", np.zeros(9, np.float32), 16_000)
    done = run("example_valid.py", "--data_path", tmp_path / "data", cwd=folder)
    assert done.returncode == 2
    assert "holds none of the words yes, no" in done.stderr
    assert "eval_metric" not in done.stdout


def test_the_larger_variants_are_exported(folder: Path, run, tmp_path: Path) -> None:
    words = ["--variant", "ds_cnn_m", "--weights", "random", "--output", tmp_path]
    done = run("export_onnx.py", *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "ds_cnn_m_float16_dyn.onnx").is_file()
