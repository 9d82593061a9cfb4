"""The search for the best setting: what is left out, what is printed, and that its commands run."""

from __future__ import annotations

import json
import shlex
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from zoo.accuracy.tune import Point, accepted, pareto, stream_counts, thread_counts
from zoo.commands import tune, valid
from zoo.family import Family
from zoo.manifest import Exported
from zoo.running.setting import Setting
from zoo_core.hashing import sha256
from zoo_core.machine import cores


def point(throughput: float, latency: float) -> Point:
    return Point("float32", 1, 1, 1, throughput, latency)


def test_only_points_that_no_other_beats_are_kept() -> None:
    quick, middle, much = point(100, 1), point(300, 3), point(500, 9)
    beaten = [point(90, 1), point(300, 4), point(200, 3.5)]
    assert pareto([much, *beaten, middle, quick]) == [quick, middle, much]
    assert pareto([quick, quick]) == [quick, quick]


def test_a_smaller_or_more_accurate_file_is_kept_though_another_is_quicker() -> None:
    quick = replace(point(500, 1), accuracy=0.90, bytes=400)
    right = replace(point(100, 5), accuracy=0.91, bytes=400)
    small = replace(point(50, 9), accuracy=0.89, bytes=100)
    beaten = replace(point(90, 6), accuracy=0.90, bytes=400)
    assert pareto([quick, right, small, beaten]) == [quick, right, small]


def test_streams_double_up_to_the_cores() -> None:
    assert [stream_counts(cores) for cores in (1, 2, 6, 8)] == [[1], [1, 2], [1, 2, 4], [1, 2, 4, 8]]


def test_threads_double_up_to_the_share_of_a_stream() -> None:
    assert [thread_counts(share) for share in (1, 2, 3, 6, 8)] == [[1], [1, 2], [1, 2, 3], [1, 2, 4, 6], [1, 2, 4, 8]]


def comparison(dtype: str, passed: bool) -> Any:
    return SimpleNamespace(contender=SimpleNamespace(dtype=dtype), passed=lambda: passed)


def test_a_dtype_that_fails_the_standard_is_left_out() -> None:
    done: Any = SimpleNamespace(comparisons=[comparison("float32", True), comparison("float16", False)])
    assert accepted(done, "onnx", ["float32", "float16"]) == ["float32"]
    done = SimpleNamespace(comparisons=[comparison("float32", False), comparison("float16", True)])
    assert accepted(done, "onnx", ["float32", "float16"]) == ["float16"]
    done = SimpleNamespace(comparisons=[comparison("float32", True), comparison("float32", False)])
    assert accepted(done, "card", ["float32"]) == []


def test_the_table_has_a_command_for_each_point_and_it_runs(
    lenet_family: Family, lenet_export: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "points.json"
    folder = str(lenet_export.dynamic.parent)
    flags = ["--folder", folder, "--dtype", "float32", "--batch", "1", "--batch", "4", "--limit", "16"]
    assert tune.main(lenet_family, [*flags, "--seconds", "0.05", "--json", str(out)]) == 0
    said = json.loads(out.read_text())
    points = said["points"]
    assert {entry["bytes"] for entry in points} == {lenet_export.dynamic.stat().st_size}
    assert said["gates"]["float32"]["passed"] is True
    assert {entry["batch_size"] for entry in points} == {1, 4}
    pairs = {(entry["streams"], entry["threads"]) for entry in points}
    assert pairs == {(s, t) for s in stream_counts(cores()) for t in thread_counts(cores() // s)}
    assert any(entry["best"] for entry in points)
    assert all(entry["throughput"] > 0 for entry in points)
    printed = capsys.readouterr().out
    assert "--batch_size" in printed
    assert "PASS by " in printed
    best = next(entry for entry in points if entry["best"])
    command = ["--dtype", best["dtype"], "--batch_size", str(best["batch_size"]), "--streams", str(best["streams"])]
    command += ["--threads", str(best["threads"])]
    assert valid.main(lenet_family, [*command, "--ckpt", str(lenet_export.dynamic)]) == 0


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "long"])
def test_a_time_that_does_not_end_is_refused(
    lenet_family: Family, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        tune.main(lenet_family, ["--seconds", text])
    assert ended.value.code == 2
    assert f"argument --seconds: seconds above 0, such as 0.5, got '{text}'" in capsys.readouterr().err


def test_the_command_of_a_point_names_the_data_and_runs_in_a_shell(
    lenet_family: Family, lenet_export: Exported, tmp_path: Path
) -> None:
    folder = tmp_path / "my files"
    shutil.copytree(lenet_export.dynamic.parent, folder)
    setting = Setting(lenet_family.variant(), folder=folder)
    info = SimpleNamespace(name="top1")
    judged = SimpleNamespace(
        contender=SimpleNamespace(metric=SimpleNamespace(infos=[info]), figures=lambda: {"top1": 1.0}),
        verdict=lambda: "PASS by metric",
    )
    done: Any = SimpleNamespace(comparisons={"float32": judged})
    command = tune._row(tune._Searched(setting, done, "", "my data"), point(1, 1))[-1]
    assert shlex.split(command)[-4:] == ["--data_path", "my data", "--ckpt", str(folder / lenet_export.dynamic.name)]


def test_another_export_stands_in_the_same_table(
    lenet_family: Family, lenet_export: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, folder = tmp_path / "points.json", lenet_export.dynamic.parent
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    flags = ["--folder", str(folder), "--dtype", "float32", "--batch", "1", "--limit", "16", "--seconds", "0.02"]
    assert tune.main(lenet_family, [*flags, "--beside", str(other), "--json", str(out)]) == 0
    said = json.loads(out.read_text())
    assert {entry["export"] for entry in said["points"]} == {"", "other"}
    assert {entry["metric"] for entry in said["points"]} == {said["points"][0]["metric"]}
    assert said["gates_beside"]["other"]["float32"]["passed"] is True
    printed = capsys.readouterr().out
    assert " export " in printed


def test_an_export_that_cannot_be_compared_is_named_and_the_others_stay(
    lenet_family: Family, lenet_export: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--folder", str(lenet_export.dynamic.parent), "--dtype", "float32", "--batch", "1", "--limit", "16"]
    assert tune.main(lenet_family, [*flags, "--seconds", "0.02", "--beside", str(tmp_path / "nothing")]) == 0
    assert "nothing is left out on onnx: there is no manifest" in capsys.readouterr().out


def test_an_export_that_does_not_open_is_named_and_the_others_stay(
    lenet_family: Family, lenet_export: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, other = lenet_export.dynamic.parent, tmp_path / "other"
    shutil.copytree(folder, other)
    (other / lenet_export.dynamic.name).write_bytes(b"no network")
    manifest = other / lenet_export.manifest.name
    said = json.loads(manifest.read_text())
    said["files"]["dynamic"]["sha256"] = sha256(other / lenet_export.dynamic.name)
    manifest.write_text(json.dumps(said))
    out = tmp_path / "points.json"
    flags = ["--folder", str(folder), "--dtype", "float32", "--batch", "1", "--limit", "16", "--seconds", "0.02"]
    assert tune.main(lenet_family, [*flags, "--beside", str(other), "--json", str(out)]) == 0
    assert "other is left out on onnx: " in capsys.readouterr().out
    assert json.loads(out.read_text())["points"]


def test_two_folders_of_one_name_are_told_apart() -> None:
    folders = [Path("a/pruned"), Path("b/pruned"), Path("c/int4")]
    assert list(tune._labels(folders)) == ["a/pruned", "b/pruned", "int4"]
