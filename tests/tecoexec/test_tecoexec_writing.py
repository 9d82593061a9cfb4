"""Language models that write: which tokens, how their cache grows, which figures, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.base import Engine
from tecoexec import tecoexec
from tecoexec.inputs import WrongUseError
from tecoexec.writing import Writing, prompt

WORDS, HEADS, SIZE = 11, 2, 3
SHORT = ["--duration", "0.1", "--iterations", "3", "--warmUp", "2"]


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network whose next token is the sum of all before, modulo 11: of those in its cache, and of its input."""
    path = tmp_path_factory.mktemp("writing") / "counting.onnx"
    specs = [
        helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "length"]),
        helper.make_tensor_value_info("seen", TensorProto.INT64, ["batch", "past"]),
        helper.make_tensor_value_info("cache", TensorProto.FLOAT, ["batch", 1, HEADS, "past", SIZE]),
    ]
    outputs = [
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", "length", WORDS]),
        helper.make_tensor_value_info("new", TensorProto.FLOAT, ["batch", 1, HEADS, "length", SIZE]),
    ]
    kept = {
        "words": np.arange(WORDS, dtype=np.float32).reshape(1, 1, WORDS),
        "all": np.array(WORDS, np.float32),
        "new_axes": np.array([1, 2, 4], np.int64),
        "ones": np.ones((1, 1, HEADS, 1, SIZE), np.float32),
        "share": np.array(1 / (HEADS * SIZE), np.float32),
        "axis": np.array(1, np.int64),
        "two": np.array([2], np.int64),
        "every": np.array([1, 2, 3, 4], np.int64),
        "one": np.array([1], np.int64),
    }
    nodes = [
        helper.make_node("Cast", ["input_ids"], ["tokens"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["tokens", "new_axes"], ["wide"]),
        helper.make_node("Mul", ["wide", "ones"], ["new"]),
        helper.make_node("ReduceSum", ["cache", "every"], ["kept_whole"], keepdims=0),
        helper.make_node("Mul", ["kept_whole", "share"], ["kept"]),
        helper.make_node("CumSum", ["tokens", "axis"], ["sums"]),
        helper.make_node("Unsqueeze", ["kept", "one"], ["kept_column"]),
        helper.make_node("Add", ["sums", "kept_column"], ["total"]),
        helper.make_node("Mod", ["total", "all"], ["wanted"], fmod=1),
        helper.make_node("Unsqueeze", ["wanted", "two"], ["wanted_column"]),
        helper.make_node("Sub", ["words", "wanted_column"], ["apart"]),
        helper.make_node("Abs", ["apart"], ["distance"]),
        helper.make_node("Neg", ["distance"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes, "net", specs, outputs, [numpy_helper.from_array(value, name) for name, value in kept.items()]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path


def test_every_token_stands_on_all_before(counting: Path) -> None:
    with Engine(counting) as engine:
        arrays = prompt(engine, 3, 5, {})
        assert arrays[0].shape == (3, 5)
        assert arrays[0].max() < WORDS
        assert arrays[2].shape == (3, 1, HEADS, 0, SIZE)
        writing = Writing(engine, 7)
        (found,) = writing(arrays)
    for row, ids in zip(found.tolist(), arrays[0].tolist(), strict=True):
        for token in row:
            assert token == sum(ids) % WORDS
            ids.append(token)
    assert len(writing.firsts) == len(writing.nexts) == 1


def test_the_figures_are_printed_and_written(
    counting: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--onnx", str(counting), "--generate", "6", "--prompt", "4", "--batch", "1,2", *SHORT]
    assert tecoexec.main([*flags, "--json", str(tmp_path / "out.json")]) == 0
    printed = capsys.readouterr().out
    assert "tokens/s, the first one after" in printed
    assert "a further one after" in printed
    for record in json.loads((tmp_path / "out.json").read_text())["records"]:
        figures = record["figures"]
        assert figures["tokens_per_second"] == pytest.approx(figures["throughput"] * 6)
        assert 0 < figures["first_token_ms"] < figures["max_ms"]
        assert 0 < figures["next_token_ms"] < figures["max_ms"]
        assert record["inputs"][0] == f"input_ids: int64[{record['batch']}, 4]"


def test_one_token_has_no_further_one(counting: Path) -> None:
    with Engine(counting) as engine:
        writing = Writing(engine, 1)
        writing(prompt(engine, 1, 2, {}))
    assert writing.figures(2.0, 3, 1)["next_token_ms"] is None
    assert writing.figures(2.0, 3, 1)["tokens_per_second"] == 6


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--generate", "-1"], "--generate is at least 0"),
        (["--generate", "4", "--prompt", "0"], "--prompt is at least 1"),
        (["--generate", "4", "--input_shapes", "1*8"], "--generate makes its own inputs"),
    ],
)
def test_flags_that_do_not_go_together(
    counting: Path, flags: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tecoexec.main(["--onnx", str(counting), *flags]) == 2
    assert told in capsys.readouterr().err


def test_another_network_is_refused(doubling: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tecoexec.main(["--onnx", str(doubling), "--generate", "4"]) == 2
    assert "--generate measures a language model that takes tokens [batch, length]" in capsys.readouterr().err


def test_a_network_of_one_length_is_refused(counting: Path, tmp_path: Path) -> None:
    model: Any = onnx.load(counting)
    model.graph.input[2].type.tensor_type.shape.dim[3].dim_value = 8
    onnx.save(model, tmp_path / "fixed.onnx")
    with Engine(tmp_path / "fixed.onnx") as engine, pytest.raises(WrongUseError, match="needs free lengths"):
        prompt(engine, 1, 2, {})
