"""zoo profile: every node's time, by operator; targets that do not tell, and files that do not run."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import ModelFileError, OptionError, RunError
from engine.profile import _events, _nodes, profile
from zoo.commands import profile as command
from zoo.family import Family
from zoo.layers.debug import DebugOptions, calls
from zoo.manifest import Exported
from zoo.running.setting import Setting


@pytest.mark.parametrize("words", ["--target onnx", "--target onnx --dtype float16", "--target openvino"])
def test_the_time_of_every_node(
    lenet_family: Family, lenet_export: Exported, tmp_path: Path, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = tmp_path / "said.json"
    asked = ["--folder", str(lenet_export.dynamic.parent), "--times", "3", "--json", str(said), *words.split()]
    assert command.main(lenet_family, asked) == 0
    shown = capsys.readouterr().out
    assert "by operator" in shown
    assert "Conv" in shown
    (part,) = json.loads(said.read_text())["parts"]
    convolutions = [node for node in part["nodes"] if node["operator"].startswith("Conv")]
    assert len(convolutions) == 2
    assert all(node["seconds"] > 0 for node in convolutions)


def test_the_batch_that_was_asked_for_is_run(lenet_family: Family, lenet_export: Exported, tmp_path: Path) -> None:
    """Also where it is larger than the data set; the file says which one it was."""
    data, said = tmp_path / "data" / "0", tmp_path / "said.json"
    data.mkdir(parents=True)
    demo = lenet_family.variant().demo_folder() / "digit_0.png"
    (data / "one.png").write_bytes(demo.read_bytes())
    asked = ["--folder", str(lenet_export.dynamic.parent), "--times", "1", "--json", str(said), "--batch_size", "5"]
    assert command.main(lenet_family, [*asked, "--data_path", str(data.parent)]) == 0
    assert json.loads(said.read_text())["batch_size"] == 5
    given = calls(Setting(lenet_family.variant(), folder=lenet_export.dynamic.parent), DebugOptions(samples=300), True)
    assert len(given[0].inputs[0]) == 300


def test_the_rounds_of_a_loop_count_together() -> None:
    def node(name: str, operator: str, micros: int) -> dict[str, Any]:
        return {"cat": "Node", "name": f"{name}_kernel_time", "dur": micros, "args": {"op_name": operator}}

    events: list[dict[str, Any]] = [{"cat": "Session", "name": "model_loading_uri", "dur": 9}]
    for first, second, whole in ((90, 90, 500), (1, 2, 10), (3, 4, 20), (5, 6, 30)):  # the first call warms up
        events += [node("inner", "MatMul", first), node("inner", "MatMul", second), node("loop", "Loop", whole)]
        events += [{"cat": "Session", "name": "model_run", "dur": whole}]
    inner, loop = _nodes(events)
    assert (inner.name, inner.operator, loop.operator) == ("inner", "MatMul", "Loop")
    assert (inner.seconds, loop.seconds) == (pytest.approx(7e-6), pytest.approx(20e-6))


@pytest.mark.parametrize(("target", "dtype"), [("onnx", "bfloat16"), ("onnx", "fp16"), ("openvino", "none")])
def test_dtypes_that_a_target_has_not(lenet_export: Exported, target: str, dtype: str) -> None:
    with pytest.raises(OptionError, match=f"with target '{target}', dtype is one of float32, .*, got '{dtype}'"):
        profile(lenet_export.dynamic, target, [np.zeros((1, 1, 32, 32), np.float32)], 1, dtype)


@pytest.mark.parametrize("target", ["cpu", "sdaa", "torch", "nothing"])
def test_targets_that_do_not_tell(lenet_export: Exported, target: str) -> None:
    array = np.zeros((1, 1, 32, 32), np.float32)
    with pytest.raises(OptionError, match=f"target '{target}' does not tell what its nodes take; onnx and openvino do"):
        profile(lenet_export.dynamic, target, [array], 1)


@pytest.mark.parametrize("target", ["onnx", "openvino"])
@pytest.mark.parametrize("arrays", [[np.zeros((1, 2, 32, 32), np.float32)], []])
def test_what_does_not_run(lenet_export: Exported, tmp_path: Path, target: str, arrays: list[np.ndarray]) -> None:
    said = r"" if arrays else r": it takes 1 inputs? \(input\), and this network has 0"
    with pytest.raises(ModelFileError, match=f"does not run on {target}{said}"):
        profile(lenet_export.dynamic, target, arrays, 1)
    (tmp_path / "notes.md").write_text("# Notes\n")
    with pytest.raises(ModelFileError, match=r"notes.md is no ONNX model: it is a text"):
        profile(tmp_path / "notes.md", target, arrays, 1)
    (tmp_path / "broken.onnx").write_bytes(lenet_export.dynamic.read_bytes()[:5000])
    with pytest.raises(ModelFileError, match=f"broken.onnx does not run on {target}"):
        profile(tmp_path / "broken.onnx", target, arrays, 1)


@pytest.mark.parametrize(
    "written", [b"", b'[{"cat": "Node", "name": "a', b'[{"name": "a"} {"name": "b"}]', b'["\xff"]']
)
def test_a_profile_that_cannot_be_read_is_no_full_disk(tmp_path: Path, written: bytes) -> None:
    path = tmp_path / "profile.json"
    path.write_bytes(written)
    with pytest.raises(
        RunError, match=r"profile \S+profile\.json cannot be read \(.+\), .*; profile again, set TMPDIR"
    ):
        _events(path)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_profile_that_is_cut_off_says_what_the_system_says(
    tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: int) -> None:
        raise OSError(code, os.strerror(code))

    path = tmp_path / "profile.json"
    path.write_bytes(b"[{")
    monkeypatch.setattr("engine.profile.os.fsync", refused)
    with pytest.raises(OSError, match=f"ONNX Runtime's profile is cut off: {os.strerror(code)}") as caught:
        _events(path)
    assert (caught.value.errno, caught.value.filename) == (code, str(tmp_path))
