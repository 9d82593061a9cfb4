"""zoo profile: every node's time, by operator; targets that do not tell, and files that do not run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ModelFileError, OptionError
from engine.profile import profile
from zoo.commands import profile as command
from zoo.family import Family
from zoo.manifest import Exported


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


@pytest.mark.parametrize("target", ["cpu", "sdaa", "torch", "nothing"])
def test_targets_that_do_not_tell(lenet_export: Exported, target: str) -> None:
    array = np.zeros((1, 1, 32, 32), np.float32)
    with pytest.raises(OptionError, match=f"target '{target}' does not tell what its nodes take; onnx and openvino do"):
        profile(lenet_export.dynamic, target, [array], 1)


@pytest.mark.parametrize("target", ["onnx", "openvino"])
@pytest.mark.parametrize("arrays", [[np.zeros((1, 2, 32, 32), np.float32)], []])
def test_what_does_not_run(lenet_export: Exported, tmp_path: Path, target: str, arrays: list[np.ndarray]) -> None:
    with pytest.raises(ModelFileError, match=f"does not run on {target}"):
        profile(lenet_export.dynamic, target, arrays, 1)
    (tmp_path / "broken.onnx").write_bytes(b"nothing")
    with pytest.raises(ModelFileError, match=f"broken.onnx does not run on {target}"):
        profile(tmp_path / "broken.onnx", target, arrays, 1)
