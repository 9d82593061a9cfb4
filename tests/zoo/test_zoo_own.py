"""--labels, --mean, --std, --size: a network that is not the zoo's runs with its own; contradictions are refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from zoo import catalogue
from zoo.__main__ import main as zoo
from zoo.manifest import Exported

DEMOS = catalogue.EXAMPLES / "classification" / "lenet" / "demos"
NAMES = ["nought", *"abcdefghi"]


@pytest.fixture
def own(lenet_export: Exported, tmp_path: Path) -> Path:
    """A network of somebody else's: nothing says where it is from."""
    return Path(shutil.copy(lenet_export.dynamic, tmp_path / "mine.onnx"))


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "names.txt"
    path.write_text("\n".join(NAMES) + "\n", encoding="utf-8")
    return path


def test_its_own_names_and_colours(own: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = tmp_path / "said.json"
    words = ["--ckpt", str(own), "--labels", str(labels), "--json", str(said)]
    assert zoo(["multi", "lenet", *words, "--data_path", str(DEMOS)]) == 0
    found = json.loads(said.read_text())["predictions"]
    assert [one["classes"][0]["label"] for one in found] == NAMES
    assert zoo(["multi", "lenet", *words, "--data_path", str(DEMOS), "--mean", "0.9", "--std", "0.05"]) == 0
    assert [one["classes"] for one in json.loads(said.read_text())["predictions"]] != [one["classes"] for one in found]
    for name in ("nought", "c"):
        (tmp_path / "data" / name).mkdir(parents=True)
    shutil.copy(DEMOS / "digit_0.png", tmp_path / "data" / "nought")
    shutil.copy(DEMOS / "digit_3.png", tmp_path / "data" / "c")
    assert zoo(["valid", "lenet", *words, "--data_path", str(tmp_path / "data")]) == 0
    assert json.loads(said.read_text())["metrics"]["top1"] == 1.0
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("side", [20, "side"])
@pytest.mark.parametrize(("family", "colours"), [("lenet", 1), ("resnet", 3)])
def test_its_own_size(tmp_path: Path, family: str, colours: int, side: int | str) -> None:
    """Of zoo networks that take one size, and of those that take several."""
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["input"], ["means"]),
            helper.make_node("Flatten", ["means"], ["flat"]),
            helper.make_node("MatMul", ["flat", "weight"], ["output"]),
        ],
        "mine",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", colours, side, side])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", len(NAMES)])],
        [numpy_helper.from_array(np.eye(colours, len(NAMES), 2, np.float32), "weight")],
    )
    mine, names = tmp_path / "mine.onnx", tmp_path / "names.txt"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), mine)
    names.write_text("\n".join(NAMES))
    Image.new("RGB", (60, 40), "white").save(tmp_path / "white.png")
    (tmp_path / "data" / NAMES[2]).mkdir(parents=True)
    shutil.copy(tmp_path / "white.png", tmp_path / "data" / NAMES[2])
    words = ["--ckpt", str(mine), "--labels", str(names), "--size", "20"]
    said = tmp_path / "said.json"
    assert zoo(["single", family, *words, "--data_path", str(tmp_path / "white.png"), "--json", str(said)]) == 0
    assert json.loads(said.read_text())["predictions"][0]["classes"][0]["label"] in NAMES[2 : 2 + colours]
    assert zoo(["valid", family, *words, "--data_path", str(tmp_path / "data")]) == 0


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--mean", "123.7"], "divide those for pixels from 0 to 255 by 255"),
        (["--std", "0"], "--std 0: numbers from 1e-06 to 1 are expected"),
        (["--mean", "0.1,0.2,0.3"], "--mean has 3 numbers, and these pictures have 1 (L)"),
        (["--size", "28"], "28"),
        (["--size", "28", "--input_size", "32"], "are two sizes; give one of them"),
        (["--labels", "few.txt"], "with 2 class names"),
        (["--labels", "none.txt"], "none.txt"),
        (["--labels", "twice.txt"], "'a' stands in line 1 already"),
    ],
)
@pytest.mark.parametrize("command", ["single", "valid"])
def test_what_contradicts(
    own: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    flags: list[str],
    told: str,
    command: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "few.txt").write_text("0\n1\n")
    (tmp_path / "twice.txt").write_text("a\na\n")
    (tmp_path / "data" / "0").mkdir(parents=True)
    shutil.copy(DEMOS / "digit_0.png", tmp_path / "data" / "0")
    data = str(DEMOS / "digit_1.png") if command == "single" else "data"
    assert zoo([command, "lenet", "--ckpt", str(own), "--data_path", data, *flags]) == 2
    err = capsys.readouterr().err
    assert told in err
    assert "Traceback" not in err


def test_the_zoos_own_network_has_its_own(
    lenet_export: Exported, labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("single", "multi", "valid"):
        assert zoo([command, "lenet", "--ckpt", str(lenet_export.dynamic), "--labels", str(labels)]) == 2
        assert "--labels: these are of a network that is not the zoo's" in capsys.readouterr().err


def test_a_task_without_classes_has_no_such_flags(capsys: pytest.CaptureFixture[str]) -> None:
    for command, flag in (("yolox", "--labels"), ("textcnn", "--mean"), ("wide_deep", "--size")):
        with pytest.raises(SystemExit):
            zoo(["single", command, flag, "1"])
        assert f"unrecognized arguments: {flag}" in capsys.readouterr().err
