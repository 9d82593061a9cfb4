"""zoo report: measured results, and the words 'not run' everywhere else."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from zoo import catalogue
from zoo.__main__ import main as zoo
from zoo.contributing import report
from zoo_core.files import write_json
from zoo_core.hashing import facts_digest

ROOT = Path(__file__).resolve().parents[2]
LENET = "classification/lenet"


def verified(runs: Path, **changes: Any) -> dict[str, Any]:
    """A file of results as `zoo run` writes it, with invented figures that no page but this test's shows."""
    record: dict[str, Any] = {
        "model": LENET,
        "variant": "lenet",
        "weights": "sample",
        "date": "2024-05-01T10:00:00+00:00",
        "runtimes": [
            _runtime("torch", "float32"),
            _runtime("onnxruntime", "float32"),
            _runtime("onnxruntime", "float16"),
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
    return record


def _runtime(name: str, dtype: str) -> dict[str, Any]:
    return {"runtime": name, "dtype": dtype, "metrics": {"top1": 0.5, "top5": 1.0}}


def _comparison(baseline: str, contender: str, passed: bool) -> dict[str, Any]:
    return {
        "baseline": baseline,
        "contender": contender,
        "limit": 0.001,
        "relative_error": 0.02,
        "agreement": 0.98,
        "disagreeing": 2,
        "samples": 100,
        "judged_by": ["metric"],
        "passed": passed,
    }


def described(runs: Path, limit: Path | None = None, asked: str = LENET, variant: str | None = None) -> str:
    return "\n".join(report.report(catalogue.load(asked).variant(variant), ROOT, runs, limit))


def test_nothing_measured_is_said(tmp_path: Path) -> None:
    text = described(tmp_path)
    assert text.count("Not run. Command: `") == 4
    for command in ("zoo check --case classification_lenet", f"zoo run {LENET}", f"zoo readme --test {LENET}"):
        assert f"Not run. Command: `{command}`" in text
    assert "demos/digit_0.png" in text
    assert "utils.preprocess.pytorch.classification.ClassificationTransform" in text
    assert "- licence: BSD-3-Clause" in text


def test_accuracy_as_measured(tmp_path: Path) -> None:
    verified(tmp_path)
    text = described(tmp_path)
    assert "Variant lenet, sample weights, 2024-05-01T10:00:00+00:00: **FAILED**" in text
    assert (
        "| onnxruntime | float16 | top1 0.5000, top5 1.0000 | onnxruntime float32 | 98/100 | 2.000% (≤ 0.1%) | FAIL"
        in text
    )


def test_a_check_of_other_code_is_out_of_date(tmp_path: Path) -> None:
    folder = tmp_path / "check/classification_lenet"
    folder.mkdir(parents=True)
    state: dict[str, Any] = {
        "case": "classification_lenet",
        "model": LENET,
        "fingerprint": "of old",
        "started": "2024",
        "passed": True,
    }
    state |= {"findings": [], "steps": []}
    (folder / "result.json").write_text(json.dumps(state | {"digest": facts_digest(state)}))
    assert "Out of date" in described(tmp_path)


def test_limit_performance_as_tecoexec_writes_it(tmp_path: Path) -> None:
    figures = {"throughput": 123.4, "p50_ms": 8.1, "p99_ms": None}
    setting = {"ckpt": "lenet_dyn.onnx", "target": "onnx", "dtype": "float32"}
    records = [{"batch": 1, "figures": figures, "reasons": []}, {"batch": 8, "figures": figures, "reasons": ["busy"]}]
    path = tmp_path / "limit.json"
    path.write_text(json.dumps({"setting": setting, "records": records}))
    text = described(tmp_path, path)
    assert "| 1 | 123.4 | 8.1 | too few calls | VALID |" in text
    assert "| 8 | 123.4 | 8.1 | too few calls | UNSTABLE: busy |" in text


def test_a_variant_has_results_and_commands_of_its_own(tmp_path: Path) -> None:
    resnet = "classification/resnet"
    verified(tmp_path, model=resnet, variant="resnet50")
    text = described(tmp_path, asked=resnet, variant="resnet18")
    assert "# Add ResNet (classification/resnet, variant resnet18)" in text
    assert "Not run. Command: `zoo run classification/resnet --variant resnet18`" in text
    assert "Variant resnet50" in described(tmp_path, asked=resnet)


def test_the_command_writes_the_report_of_a_variant(tmp_path: Path) -> None:
    output = tmp_path / "report.md"
    words = ["report", "resnet18", "--runs", str(tmp_path), "--output", str(output)]
    assert zoo(words) == 0
    assert output.read_text().startswith("# Add ResNet (classification/resnet, variant resnet18)\n")


DAMAGED = ["{", "[]", "{}", '"text"', '{"passed": true, "variant": 1, "weights": 2, "date": 3, "comparisons": 4}']


@pytest.mark.parametrize("text", DAMAGED)
@pytest.mark.parametrize("name", [f"{LENET}/lenet/verify.json", f"readme/{LENET}/result.json"])
def test_a_damaged_file_of_results_is_said(tmp_path: Path, name: str, text: str, capfd: Any) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert zoo(["report", LENET, "--runs", str(tmp_path)]) == 2
    assert f"{name} holds no results that can be read" in capfd.readouterr().err


@pytest.mark.parametrize("text", [None, *DAMAGED])
def test_a_file_of_limit_performance_that_cannot_be_used(tmp_path: Path, text: str | None, capfd: Any) -> None:
    path = tmp_path / "limit.json"
    if text is not None:
        path.write_text(text)
    assert zoo(["report", LENET, "--runs", str(tmp_path), "--limit", str(path)]) == 2
    assert "limit.json" in capfd.readouterr().err


HOSTILE = "a | b <script>alert(1)</script> [x](javascript:alert(1)) `c` **d**\n# e &lt; _f_"


def test_texts_are_no_markup(tmp_path: Path) -> None:
    model = replace(catalogue.load(LENET).variant(), title=HOSTILE, source=HOSTILE, licence=HOSTILE, paper=HOSTILE)
    verified(
        tmp_path, weights=HOSTILE, date=HOSTILE, runtimes=[{**_runtime("torch", HOSTILE), "metrics": {HOSTILE: 1.0}}]
    )
    readme = tmp_path / "readme" / LENET / "result.json"
    readme.parent.mkdir(parents=True)
    step = {"line": 1, "what": "echo `a` | <b>", "state": HOSTILE, "reason": HOSTILE}
    readme.write_text(json.dumps({"date": HOSTILE, "passed": True, "steps": [step]}))
    text = "\n".join(report.report(model, ROOT, tmp_path, None))
    assert "<script>" not in text
    assert "](javascript" not in text.replace("\\](", "")
    assert "\n# e" not in text
    assert (
        r"a \| b &lt;script&gt;alert(1)&lt;/script&gt; \[x\](javascript:alert(1)) \`c\` \*\*d\*\* \# e &amp;lt; \_f\_"
        in text
    )
    assert r"``echo `a` \| <b>``" in text


def test_what_is_no_number_is_null_in_json(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"a": [float("nan"), 1.5], "b": (float("inf"), "NaN")})
    assert json.loads((tmp_path / "x.json").read_text()) == {"a": [None, 1.5], "b": [None, "NaN"]}
