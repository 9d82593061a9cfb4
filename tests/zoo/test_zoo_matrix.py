"""zoo matrix: what was measured is kept by variant and never lost; broken models; texts that are no markup."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from zoo import catalogue
from zoo.__main__ import main as zoo
from zoo.contributing.matrix import collect, results
from zoo.contributing.matrix.collect import Card, Figure
from zoo.contributing.matrix.listing import listing
from zoo.contributing.matrix.results import Result
from zoo.errors import ZooError
from zoo.provenance import cards

LENET = "classification/lenet"
RESNET = "classification/resnet"


def result(**changes: Any) -> Result:
    """A measured cell with invented figures that no page but a test's shows."""
    fields: dict[str, Any] = {
        "model": LENET, "variant": "lenet", "target": "onnx", "dtype": "float32", "weights": "sample",
        "metric": "top1", "value": 0.5, "agreement": 0.98, "samples": 100, "verdict": "pass",
        "throughput": 200.0, "p50": 2.0, "p99": 3.5, "batch": 16, "date": "2024-05-01T10:00:00+00:00",
        "host": "Test, 2 cores", "versions": {"onnxruntime": "1.2.3"},
    }  # fmt: skip
    return Result(**(fields | changes))


def verified(runs: Path, **changes: Any) -> None:
    """A file of results as `zoo run` writes it."""
    record: dict[str, Any] = {
        "model": LENET,
        "variant": "lenet",
        "target": "onnx",
        "weights": "sample",
        "date": "2024-05-01T10:00:00+00:00",
        "host": {"cpu": "Test <cpu>", "cores": 2, "system": "Test"},
        "versions": {"onnxruntime": "1.2.3", "apache-tvm": "0.1"},
        "batch_size": 16,
        "runtimes": [
            _runtime("torch", "float32", 10.0, 30.0, None),
            _runtime("onnxruntime", "float32", 200.0, 2.0, 3.5),
            _runtime("onnxruntime", "float16", 90.0, 4.0, None),
        ],
        "comparisons": [
            _comparison("torch float32", "onnxruntime float32", True),
            _comparison("onnxruntime float32", "onnxruntime float16", False),
        ],
        "passed": False,
    } | changes
    path = runs / record["model"] / record["variant"] / "verify.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record))


def _runtime(name: str, dtype: str, throughput: float, p50: float, p99: float | None) -> dict[str, Any]:
    figures = {"throughput": throughput, "latency_p50_ms": p50, "latency_p99_ms": p99}
    return {"runtime": name, "dtype": dtype, "metrics": {"top1": 0.5, "top5": 1.0}, **figures}


def _comparison(baseline: str, contender: str, passed: bool) -> dict[str, Any]:
    return {"baseline": baseline, "contender": contender, "agreement": 0.98, "samples": 100, "passed": passed}


def test_the_cards_of_a_host_stand_beside_it(tmp_path: Path) -> None:
    place = tmp_path / "0000:01:00.0" / "information"
    place.parent.mkdir()
    place.write_text("Model: \t\t NVIDIA Some Card\nIRQ:   \t\t 16\n")
    assert cards(tmp_path) == ["NVIDIA Some Card"]
    assert cards(tmp_path / "none") == []


def measured(runs: Path) -> dict[tuple[str, str, str], Result]:
    found, faults = results.measured(runs)
    assert faults == []
    return {(one.variant, one.target, one.dtype): one for one in found}


def test_a_run_fills_a_cell_for_each_variant_target_and_dtype(tmp_path: Path) -> None:
    runtimes = [_runtime("torch", "float32", 1.0, 1.0, None), _runtime("onnxruntime", "float32", 2.0, 1.0, None)]
    runtimes += [_runtime("openvino:CPU", "float32", 3.0, 1.0, None), _runtime("cpu", "float32", 4.0, 1.0, None)]
    verified(tmp_path, model=RESNET, variant="resnet18", runtimes=runtimes)
    verified(tmp_path, model=RESNET, variant="resnet50", data="imagenette")
    found = measured(tmp_path)
    assert {key: one.throughput for key, one in found.items()} == {
        ("resnet18", "torch", "float32"): 1.0,
        ("resnet18", "onnx", "float32"): 2.0,
        ("resnet18", "openvino", "float32"): 3.0,
        ("resnet18", "cpu", "float32"): 4.0,
        ("resnet50", "torch", "float32"): 10.0,
        ("resnet50", "onnx", "float32"): 200.0,
        ("resnet50", "onnx", "float16"): 90.0,
    }
    one = found["resnet50", "onnx", "float16"]
    assert (one.verdict, one.agreement, one.samples, one.value, one.data) == ("FAIL", 0.98, 100, 0.5, "imagenette")
    assert found["resnet50", "torch", "float32"].verdict == "reference"
    assert found["resnet18", "cpu", "float32"].versions == {"onnxruntime": "1.2.3", "apache-tvm": "0.1"}


def test_random_weights_have_no_metric(tmp_path: Path) -> None:
    verified(tmp_path, weights="random")
    assert {one.value for one in measured(tmp_path).values()} == {None}


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"runtimes": [], "comparisons": 3}', '{"runtimes": [{}]}'])
def test_a_damaged_run_is_said_and_hides_no_other(tmp_path: Path, text: str) -> None:
    verified(tmp_path)
    (tmp_path / "verify_damaged.json").write_text(text)
    found, faults = results.measured(tmp_path)
    assert len(found) == 3
    assert len(faults) == 1
    assert "verify_damaged.json is left out" in faults[0]


OLD, NEW = {"date": "2024-01-01"}, {"date": "2025-01-01"}


@pytest.mark.parametrize(
    ("before", "after", "stays"),
    [
        (OLD, NEW, False),
        (NEW, OLD, True),
        (NEW, NEW, True),
        (OLD, {**NEW, "weights": "random"}, True),
        (OLD, {**NEW, "weights": "random", "verdict": "FAIL"}, False),
        ({**NEW, "weights": "random", "verdict": "FAIL"}, OLD, True),
        ({**NEW, "weights": "random"}, OLD, False),
        ({**OLD, "weights": "random", "verdict": "FAIL"}, NEW, False),
    ],
)
def test_which_result_of_a_cell_is_shown(before: Any, after: Any, stays: bool) -> None:
    kept = result(**before)
    found = {kept.key: kept}
    assert results.merge(found, [result(**after)]) == (0 if stays else 1)
    assert (found[kept.key] is kept) is stays


def test_rows_stay_when_others_are_measured_elsewhere(tmp_path: Path) -> None:
    doc, here, there = tmp_path / "doc", tmp_path / "here", tmp_path / "there"
    verified(here)
    assert zoo(["matrix", "--runs", str(here), "--output", str(doc)]) == 0
    before = results.read(doc / "results.json")
    assert len(before) == 3
    verified(there, model=RESNET, variant="resnet18")
    assert zoo(["matrix", "--runs", str(there), "--output", str(doc)]) == 0
    after = results.read(doc / "results.json")
    assert {key: one for key, one in after.items() if one.model == LENET} == before
    assert len(after) == 6
    text = (doc / "results.json").read_text()
    assert zoo(["matrix", "--runs", str(tmp_path / "nothing"), "--output", str(doc)]) == 0
    assert (doc / "results.json").read_text() == text
    assert text.count("\n") == len(after) + 2, "a record a line, so that measurements of two people merge"


def record(**changes: Any) -> str:
    return json.dumps([{**{name: getattr(result(), name) for name in result().__dataclass_fields__}, **changes}])


DAMAGED = {
    "no JSON": "[{",
    "no list": "{}",
    "no record": "[3]",
    "a field too many": record(surprise=1),
    "a field too few": '[{"model": "a/b"}]',
    "a verdict that there is not": record(verdict="<b>great</b>"),
    "a text for a number": record(throughput="<b>fast</b>"),
    "no number": record(p50=float("nan")),
    "a number for a text": record(host=3),
    "a list for versions": record(versions=["a"]),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_of_results_is_an_error_and_stays(tmp_path: Path, name: str, capfd: Any) -> None:
    path = tmp_path / "results.json"
    path.write_text(DAMAGED[name])
    with pytest.raises(ZooError):
        results.read(path)
    assert zoo(["matrix", "--runs", str(tmp_path), "--output", str(tmp_path)]) == 2
    assert "results.json" in capfd.readouterr().err
    assert path.read_text() == DAMAGED[name]
    assert not (tmp_path / "models.md").exists()


def test_results_of_a_model_that_is_gone_are_kept(tmp_path: Path, capfd: Any) -> None:
    results.write(tmp_path / "results.json", [result(model="domain/gone"), result()])
    assert zoo(["matrix", "--runs", str(tmp_path / "runs"), "--output", str(tmp_path)]) == 0
    assert "domain/gone has results" in capfd.readouterr().err
    assert len(results.read(tmp_path / "results.json")) == 2


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """LeNet, and room for others."""
    folder = tmp_path / "examples"
    shutil.copytree(catalogue.EXAMPLES / LENET, folder / LENET)
    return folder


NAUGHTY = {
    "exits": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "ends": ("import os; os._exit(3)", "exit code 3"),
    "ends well": ("import os; os._exit(0)", "exit code 0"),
    "kills": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
    "sleeps": ("import time; time.sleep(600)", "took more than 6 s"),
    "loops": ("while True: pass", "took more than 6 s"),
    "raises": ("raise RuntimeError('why')", "RuntimeError: why"),
    "interrupts": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "is no code": ("def", "SyntaxError"),
    "has no model": ("MODEL = 3", "does not define MODEL"),
}


def test_models_that_exit_sleep_or_raise_hide_no_other(examples: Path, tmp_path: Path) -> None:
    for name, (code, _) in NAUGHTY.items():
        folder = examples / "classification" / f"a {name}"
        folder.mkdir()
        (folder / "model.py").write_text(code)
    made, _ = collect.cards(examples, tmp_path, [result(), result(model="classification/a raises")], seconds=6)
    cards = {card.id: card for card in made}
    assert len(cards) == len(NAUGHTY) + 1
    assert cards[LENET].title == "LeNet-5"
    assert len(cards[LENET].results) == 1
    for name, (_, fault) in NAUGHTY.items():
        assert fault in cards[f"classification/a {name}"].fault
    assert len(cards["classification/a raises"].results) == 1, "what was measured of it is shown all the same"
    text = listing(made, "en")
    assert "This model cannot be described" in text
    assert "pass 200/s" in text.partition("## classification/a raises")[2].partition("\n## ")[0]


def test_a_broken_model_fails_the_command_behind_the_pages(examples: Path, tmp_path: Path, capfd: Any) -> None:
    broken = examples / "classification/broken"
    broken.mkdir()
    (broken / "model.py").write_text("import os; os._exit(5)")
    words = ["matrix", "--examples", str(examples), "--output", str(tmp_path), "--runs", str(tmp_path / "runs")]
    assert zoo(words) == 1
    assert "classification/broken: it ended the process with exit code 5" in capfd.readouterr().err
    assert "LeNet-5" in (tmp_path / "models.md").read_text()


def test_cells_that_were_not_run(tmp_path: Path) -> None:
    some = [result(model=RESNET, variant="resnet18"), result(model=RESNET, variant="resnet34", dtype="float16")]
    (card,) = [one for one in collect.cards(catalogue.EXAMPLES, tmp_path, some)[0] if one.id == RESNET]
    assert list(card.measured()) == ["resnet18", "resnet34"]
    assert "onnx float16" in card.not_run("resnet18")
    assert "onnx float16" not in card.not_run()
    assert {"torch", "openvino", "onnx int8"} <= set(card.not_run())
    assert "onnx bfloat16" not in card.not_run(), "a target is not said not to have run what it does not have"
    assert set(card.published) == {"resnet50", "resnet18", "resnet34"}, "the default, and what is shown"


def test_the_default_variant_comes_first(tmp_path: Path) -> None:
    some = [result(model=RESNET, variant=name) for name in ("resnet18", "resnet50")]
    (card,) = [one for one in collect.cards(catalogue.EXAMPLES, tmp_path, some)[0] if one.id == RESNET]
    assert list(card.measured()) == ["resnet50", "resnet18"]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            [
                "| top1 0.6 (the paper) |  | top1 0.5000 |",
                "pass 200/s<br>p50 2.00 ms, p99 3.50 ms<br>top1 0.5000",
                "98.00% of 100",
            ],
        ),
        ("zh", ["| top1 0.6 (the paper) |  | top1 0.5000 |", "通过 200/秒<br>p50 2.00 毫秒", "98.00%（共 100）"]),
    ],
)
def test_markdown(language: str, said: list[str]) -> None:
    card = Card(LENET, "../lenet", "LeNet", variants=["lenet"], published={"lenet": Figure("top1", 0.6, "the paper")})
    text = listing([replace(card, results=[result()])], language)
    for part in said:
        assert part in text
    nothing = listing([card], language)
    assert f"`zoo run {LENET}`" in nothing
    random = listing([replace(card, results=[result(weights="random", value=None)])], language)
    assert "top1 0.5" not in random
    assert ("none (random weights)" if language == "en" else "无（随机权重）") in random


def test_markdown_of_many_variants_stays_short() -> None:
    names = [f"v{number}" for number in range(300)]
    card = Card("a/b", "../b", variants=names, results=[result(model="a/b", variant=name) for name in names[:100]])
    text = listing([card], "en")
    assert "95 more variants were measured" in text
    assert "and 195 more" in text
    assert len(text) < 4000
