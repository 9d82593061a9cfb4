"""Validation: its closing lines, its report, interrupted and continued runs."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from zoo.accuracy.resume import Progress
from zoo.commands import valid
from zoo.family import Family
from zoo.manifest import Exported
from zoo.model import Model
from zoo.tasks.classification import ImageClassification

FLOAT = r"\d[\d.e+-]*"
SUMMARY = re.compile(
    rf"summary: avg_sps: {FLOAT}, e2e_time: {FLOAT}, avg_inference_time: {FLOAT}, avg_preprocess_time: {FLOAT}, "
    rf"avg_postprocess: {FLOAT}"
)


@pytest.fixture
def data(lenet: Model, tmp_path: Path) -> Path:
    """Two classes of the digits, to be changed at will."""
    for name in ("3", "8"):
        shutil.copytree(lenet.data("sample") / name, tmp_path / "data" / name)
    return tmp_path / "data"


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_a_run_ends_with_its_diagnosis_and_the_two_lines(
    lenet_family: Family, lenet_export: Exported, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    flags = ["--ckpt", str(lenet_export.dynamic), "--data_path", str(data), "--json", str(report)]
    assert valid.main(lenet_family, flags) == 0
    printed = lines(capsys)
    assert re.fullmatch(rf"eval_metric {FLOAT}", printed[-2])
    assert SUMMARY.fullmatch(printed[-1])
    assert any("headroom" in line and "host bound" in line for line in printed)
    assert any(line.startswith("limited by") and "efficiency" in line for line in printed)
    said = json.loads(report.read_text())
    assert said["decoder"].startswith("Pillow")
    assert said["decoder"].endswith("reference")
    assert said["diagnosis"]["bound"] == min(said["diagnosis"]["headroom"], said["diagnosis"]["host_bound"])
    assert said["stages"]["samples"] == said["counts"]["samples"]


def test_the_fast_decoder_stands_in_the_report_with_its_effect(
    lenet_family: Family, lenet_export: Exported, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    flags = ["--ckpt", str(lenet_export.dynamic), "--data_path", str(data), "--decoder", "fast", "--json", str(report)]
    assert valid.main(lenet_family, flags) == 0
    assert re.search(
        r"^decoder fast: top1 [\d.]+, with the reference decoder [\d.]+; \d+ of \d+ predictions agree$",
        capsys.readouterr().out,
        re.MULTILINE,
    )
    assert json.loads(report.read_text())["decoder"].endswith("fast")


def interrupted(after: int) -> Callable[..., Any]:
    """Postprocessing that somebody stops with Ctrl-C after so many batches."""
    original, calls = ImageClassification.postprocess, itertools.count()

    def postprocess(self: ImageClassification, outputs: list[Any], metas: list[Any]) -> list[Any]:
        if next(calls) >= after:
            raise KeyboardInterrupt
        return original(self, outputs, metas)

    return postprocess


def test_a_run_that_stopped_goes_on_to_the_identical_metric(
    lenet_family: Family,
    lenet_export: Exported,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flags = ["--ckpt", str(lenet_export.dynamic), "--data_path", str(data), "--batch_size"]
    assert valid.main(lenet_family, [*flags, "4"]) == 0
    whole = lines(capsys)
    state = tmp_path / "state.json"
    with monkeypatch.context() as patch:
        patch.setattr(ImageClassification, "postprocess", interrupted(after=3))
        assert valid.main(lenet_family, [*flags, "4", "--resume", str(state)]) == 130
    capsys.readouterr()
    counted = json.loads(state.read_text())["done"]
    assert counted == 3 * 4
    assert valid.main(lenet_family, [*flags, "16", "--resume", str(state)]) == 0
    continued = lines(capsys)
    assert f"{state}: {counted} of " in continued[0]
    assert [line for line in continued if line.startswith(("top", "eval_metric"))] == [
        line for line in whole if line.startswith(("top", "eval_metric"))
    ]
    assert not state.exists()


def test_the_state_of_another_run_is_refused(
    lenet: Model,
    lenet_family: Family,
    lenet_export: Exported,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    state = tmp_path / "state.json"
    flags = ["--ckpt", str(lenet_export.dynamic), "--data_path", str(data), "--resume", str(state)]
    identity = {"model": "another"}
    with pytest.raises(KeyboardInterrupt), Progress(state, identity, lenet.task.metric()) as progress:
        progress.done = 3
        raise KeyboardInterrupt
    assert valid.main(lenet_family, flags) == 2
    assert "its model is another, this run's is classification/lenet" in capsys.readouterr().err
    state.write_text("{}")
    assert valid.main(lenet_family, flags) == 2
    assert "is not the progress of a validation" in capsys.readouterr().err
    assert valid.main(lenet_family, [*flags, "--skip_postprocess", "True"]) == 2


def test_a_batch_that_was_counted_in_part_is_not_written(lenet: Model, tmp_path: Path) -> None:
    class Interrupted:
        def update(self, predictions: object, targets: object) -> None:
            raise KeyboardInterrupt

        def state(self) -> dict[str, int]:
            return {}

    metric: object = Interrupted()
    progress = Progress(tmp_path / "state.json", {}, metric)  # type: ignore[arg-type]
    progress.done = 4
    with pytest.raises(KeyboardInterrupt), progress:
        progress.add([1], [1])
    assert not (tmp_path / "state.json").exists()


SLOW_RUN = """
import sys, time
from zoo import catalogue
from zoo.commands import valid
from zoo.tasks.classification import ImageClassification

original, calls = ImageClassification.preprocess, []

def slowly(self, data, out=None):
    calls.append(data)
    if len(calls) == 60:
        print("running", flush=True)
    time.sleep(0.02)
    return original(self, data, out)

ImageClassification.preprocess = slowly
sys.exit(valid.main(catalogue.load("classification/lenet"), sys.argv[1:]))
"""


def test_ctrl_c_ends_a_run_promptly_and_keeps_what_was_counted(
    lenet: Model, lenet_export: Exported, root: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state.json"
    lenet.data("sample")
    flags = ["--ckpt", str(lenet_export.dynamic), "--data_path", "sample", "--batch_size", "2", "--resume", str(state)]
    environ = os.environ | {"PYTHONPATH": str(root / "contrib")}
    child = subprocess.Popen(
        [sys.executable, "-c", SLOW_RUN, *flags],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "running\n"
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=60)
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
    assert child.returncode == 130, said
    assert "stopped: by the user" in said
    assert json.loads(state.read_text())["done"] > 0


def test_wrong_flags_are_sentences(
    lenet_family: Family, lenet_export: Exported, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        valid.main(lenet_family, ["--workers", "0"])
    assert "a whole number of at least 1" in capsys.readouterr().err


def test_a_corrupt_picture_is_named(
    lenet_family: Family, lenet_export: Exported, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("L", (8, 8)).save(data / "3" / "aaa.png")
    (data / "3" / "aab.png").write_bytes(b"\x89PNG but no further")
    assert valid.main(lenet_family, ["--ckpt", str(lenet_export.dynamic), "--data_path", str(data)]) == 2
    assert "aab.png" in capsys.readouterr().err
