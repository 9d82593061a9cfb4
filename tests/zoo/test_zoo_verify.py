"""The acceptance standard: what passes, what fails, and by which rule."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backends.base import Session
from engine.base import Engine
from engine.spec import TensorSpec
from utils.datasets.sample import Sample
from zoo.accuracy.comparison import Comparison, Contender
from zoo.accuracy.verify import VerifyOptions, require_passed, verify
from zoo.commands.verify import main
from zoo.difference import Difference, Spread, difference, outputs_difference, require_alive
from zoo.errors import CheckFailedError, ZooError
from zoo.exporting.export import ExportOptions, export
from zoo.family import Family
from zoo.manifest import Exported
from zoo.model import Model, Part
from zoo.running import engines
from zoo.running.setting import Setting

ANSWERS = np.eye(10, dtype=np.float32) * 9


class Nothing(Session):
    """Contenders need an engine; here it is never called."""

    inputs = outputs = (TensorSpec("x", "float32", ("batch", 10)),)

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        return arrays


def compared(lenet: Model, samples: int, wrong: int, limit: float) -> Comparison:
    """A contender that is wrong in `wrong` of `samples` answers, and a baseline that never is."""
    before, after = (
        Contender(name, "float32", Engine.from_session(Nothing(), name, name), lenet.task.metric())
        for name in ("before", "after")
    )
    made = Comparison(before, after, limit)
    labels = [index % 10 for index in range(samples)]
    right = ANSWERS[labels]
    other = ANSWERS[[(label + 1) % 10 if index < wrong else label for index, label in enumerate(labels)]]
    found = [lenet.task.postprocess([outputs], [None] * samples) for outputs in (right, other)]
    batch = [Sample(f"{index}", None, label) for index, label in enumerate(labels)]
    for contender, predictions in zip((before, after), found, strict=True):
        contender.metric.update(predictions, labels)
    made.agree(lenet.task, *found)
    made.measure(batch, [right], [other])
    return made


def test_a_better_metric_passes_where_the_network_has_learnt_anew(lenet: Model) -> None:
    """And only there: elsewhere, a rise is as much of a riddle as a fall."""
    worse = compared(lenet, 200, 10, 0.01)
    better = replace(worse, baseline=worse.contender, contender=worse.baseline)
    assert better.relative_error() == pytest.approx(10 / 190)
    assert not better.passed()
    assert replace(better, learnt=True).passed()
    assert not replace(worse, learnt=True).passed()


def test_a_metric_that_says_nothing_leaves_it_to_agreement(lenet: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong, passes in ((0, True), (100, False)):
        made = compared(lenet, 2000, wrong, 0.001)
        assert made.judged_by() == ["metric"]
        monkeypatch.setattr(made.baseline.metric, "compute", lambda: {"top1": math.nan})
        assert made.judged_by() == ["agreement"]
        assert made.passed() is passes


@pytest.mark.parametrize(
    ("samples", "wrong", "limit", "passes"),
    [
        (50, 0, 0.001, True),
        (50, 1, 0.001, True),  # one sample of 50 is 2 %: too coarse for 0.1 %, judged by agreement
        (50, 2, 0.001, False),
        (2000, 2, 0.001, True),
        (2000, 3, 0.001, False),
        (2000, 20, 0.01, True),
        (2000, 21, 0.01, False),
    ],
)
def test_the_gates(lenet: Model, samples: int, wrong: int, limit: float, passes: bool) -> None:
    made = compared(lenet, samples, wrong, limit)
    assert made.passed() is passes
    assert made.agreeing == samples - wrong
    assert made.relative_error() == pytest.approx(wrong / samples)
    assert made.verdict().startswith("PASS" if passes else "FAIL")
    assert made.to_json()["judged_by"] == ["agreement" if samples < 1000 else "metric"]


@pytest.mark.parametrize(("samples", "wrong", "passes"), [(1, 0, True), (1, 1, False), (19, 1, False), (20, 1, True)])
def test_a_handful_of_samples_has_no_exceptions(lenet: Model, samples: int, wrong: int, passes: bool) -> None:
    assert compared(lenet, samples, wrong, 0.001).passed() is passes


@pytest.mark.parametrize(
    ("random", "dtype", "apart", "agrees"),
    [
        (True, "float16", 0.01, True),
        (True, "float16", 0.03, False),  # further than float16 may be off
        (True, "float32", 0.01, False),
        (False, "float16", 0.01, False),  # what real weights choose is their prediction
    ],
)
def test_random_weights_may_choose_between_ties(
    lenet: Model, random: bool, dtype: str, apart: float, agrees: bool
) -> None:
    logits = ANSWERS[[3, 3]]
    logits[0, 5], logits[1, 5] = 9 - apart, 9 + apart
    before, after = lenet.task.postprocess([logits], [None, None])
    contenders = [
        Contender(dtype, dtype, Engine.from_session(Nothing(), dtype, dtype), lenet.task.metric()) for _ in range(2)
    ]
    made = Comparison(*contenders, 0.001, random)
    made.agree(lenet.task, [before], [after])
    assert made.agreeing == agrees


class FirstRowOnly(Session):
    """A target that ignores its input but for the first row."""

    def __init__(self, inner: Engine):
        self.inputs, self.outputs = inner.inputs, inner.outputs
        self._inner = inner

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        out = self._inner(arrays)
        return [np.repeat(out[:1], len(out), axis=0)]


def test_a_target_that_ignores_its_input_fails_with_random_weights_too(
    lenet: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random networks may give all pictures one class, so that predictions agree whatever the target does."""
    export(lenet, tmp_path, ExportOptions(weights="random"))
    monkeypatch.setattr(type(lenet.task), "agreement", lambda self, one, other: True)
    assert verify(Setting(lenet, folder=tmp_path), VerifyOptions(limit=40)).passed()
    opened = engines.open_part

    def ignoring(setting: Setting, part: Part) -> Engine:
        engine = opened(setting, part)
        if setting.dtype == "float32":  # the baseline
            return engine
        return Engine.from_session(FirstRowOnly(engine), "ignoring", "ignoring", "float16")

    monkeypatch.setattr(engines, "open_part", ignoring)
    done = verify(Setting(lenet, folder=tmp_path), VerifyOptions(["float16"], limit=40))
    assert [one.passed() for one in done.comparisons] == [True, False]
    assert done.comparisons[1].verdict() == "FAIL by agreement, outputs"


def test_differences() -> None:
    reference, got = np.float32([[1, -4]]), np.float16([[1.5, -4]])
    assert difference(reference, got) == Difference(0.5, 0.25, 0.125)
    assert difference(np.zeros((2, 2)), np.zeros((2, 2))).relative == 0
    assert difference(np.zeros((2, 2)), np.ones((2, 2))).relative == float("inf")
    assert outputs_difference([reference, reference * 10], [got, reference * 10]).relative == 0.125
    with pytest.raises(CheckFailedError, match="different shapes"):
        difference(reference, got[:, :1])
    with pytest.raises(CheckFailedError, match="NaN"):
        difference(reference, np.float32([[np.nan, 0]]))


def test_outputs_that_do_not_depend_on_the_sample_prove_nothing() -> None:
    require_alive([np.float32([[1, 2], [2, 1]])])
    require_alive([np.float32([[1, 2]])])  # of one sample nothing can be said
    spread = Spread()
    spread.add([np.float32([[1, 2], [1, 2]])])
    with pytest.raises(CheckFailedError, match="for all 2 samples"):
        spread.require_alive()
    spread.add([np.float32([[2, 2]])])
    spread.require_alive()
    with pytest.raises(CheckFailedError, match="same outputs"):
        require_alive([np.float32([[1, 2], [1, 2]])])
    for rows in ([[1, np.nan], [2, 3]], [[np.nan, np.nan]]):
        with pytest.raises(CheckFailedError, match="the network gives NaN"):
            require_alive([np.float32(rows)])


def test_lenet_passes_and_says_what_was_measured(
    lenet_family: Family, lenet_export: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(lenet_export.dynamic.parent)
    assert main(lenet_family, ["--folder", folder, "--json", str(tmp_path / "verify.json"), "--batch_size", "50"]) == 0
    out = capsys.readouterr().out
    assert "PASS by metric" in out
    assert "furthest from torch float32, onnxruntime float32: " in out
    said = json.loads((tmp_path / "verify.json").read_text())
    assert [(one["runtime"], one["dtype"]) for one in said["runtimes"]] == [
        ("torch", "float32"),
        ("onnxruntime", "float32"),
        ("onnxruntime", "float16"),
    ]
    assert all(one["metrics"]["top1"] >= 0.98 for one in said["runtimes"])
    assert [one["limit"] for one in said["comparisons"]] == [0.01, 0.001]
    assert all(one["samples"] == 359 for one in said["comparisons"])
    assert all(len(one["worst_samples"]) == 5 for one in said["comparisons"])
    assert said["passed"] is True


def wrecked(path: Path) -> None:
    """Turn the last weights of an exported file around, and its manifest with it: an export that lost its accuracy."""
    import onnx

    from zoo_core.hashing import sha256

    graph = onnx.load(path)
    tensor = next(one for one in graph.graph.initializer if list(one.dims) == [10])
    values = onnx.numpy_helper.to_array(tensor)
    tensor.CopyFrom(onnx.numpy_helper.from_array((values + np.arange(10) * 3).astype(values.dtype), tensor.name))
    before = sha256(path)
    onnx.save(graph, path)
    manifest = next(path.parent.glob("*.export.json"))
    manifest.write_text(manifest.read_text().replace(before, sha256(path)))


@pytest.mark.parametrize("which", ["lenet_dyn.onnx", "lenet_float16_dyn.onnx"])
def test_a_file_that_lost_its_accuracy_fails(
    lenet_family: Family, lenet_export: Exported, tmp_path: Path, capsys: pytest.CaptureFixture[str], which: str
) -> None:
    for path in lenet_export.files():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    wrecked(tmp_path / which)
    assert main(lenet_family, ["--folder", str(tmp_path)]) == 1
    caught = capsys.readouterr()
    assert "FAIL" in caught.out
    assert "failed: onnxruntime float" in caught.err


def test_weights_that_changed_since_the_export_are_noticed(
    lenet: Model, lenet_export: Exported, tmp_path: Path
) -> None:
    for path in lenet_export.files():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    manifest: dict[str, Any] = json.loads((tmp_path / "lenet.export.json").read_text())
    manifest["weights"]["sha256"] = "0" * 64
    (tmp_path / "lenet.export.json").write_text(json.dumps(manifest))
    with pytest.raises(ZooError, match="have changed since lenet was exported"):
        verify(Setting(lenet, folder=tmp_path))


def test_a_limit_takes_samples_of_all_classes(lenet: Model, lenet_export: Exported) -> None:
    done = verify(Setting(lenet, folder=lenet_export.dynamic.parent), VerifyOptions(["float16"], limit=20))
    assert done.comparisons[0].samples == 20
    require_passed(done)


def test_outputs_that_hold_nothing_do_not_end_the_comparison() -> None:
    """A cache before its first step has no rows to differ in; the outputs beside it have."""
    spread = Spread()
    spread.add([np.zeros((2, 4, 0, 8), np.float32), np.array([[0.0], [1.0]], np.float32)])
    assert spread.alive
