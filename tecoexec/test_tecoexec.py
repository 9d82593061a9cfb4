"""Limit performance of every configured model: pytest -vs -k resnet tecoexec/test_tecoexec.py

One case a model and batch size, from testcase_configs/tecoexec_config.yaml or the file in TECOEXEC_CONFIGS. Each runs
tecoexec.py, or the binary in TECOEXEC_PATH. The results go to OUTPUT_DIR (default: runs/tecoexec) as JSON, and to the
terminal as a table. A throughput below 0.9 of history_throughput is a regression and fails.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "contrib"))
sys.path.insert(0, str(ROOT))

from tecoexec.cases import Case, WrongCase, read  # noqa: E402
from zoo_core.files import write_json  # noqa: E402

HOLDS = 0.9
CONFIGS = Path(os.environ.get("TECOEXEC_CONFIGS", ROOT / "tecoexec/testcase_configs/tecoexec_config.yaml"))
OUTPUT = Path(os.environ.get("OUTPUT_DIR", ROOT / "runs/tecoexec"))
COLUMNS = ("case", "batch", "throughput", "latency ms", "history", "verdict")


@pytest.fixture(scope="session")
def results() -> Iterator[list[dict[str, Any]]]:
    """What the cases found; written and shown at the end of the run."""
    found: list[dict[str, Any]] = []
    yield found
    if not found:
        return
    write_json(OUTPUT / "results.json", found)
    rows = [list(COLUMNS), *([_cell(entry[name]) for name in COLUMNS] for entry in found)]
    widths = [max(len(cells[column]) for cells in rows) for column in range(len(COLUMNS))]
    print("\n\n" + "\n".join("  ".join(map(str.ljust, cells, widths)) for cells in rows))
    print(f"written: {OUTPUT / 'results.json'}")


@pytest.mark.timeout(0)
@pytest.mark.parametrize("case", read(CONFIGS), ids=lambda case: case.name)
def test_limit_performance(case: Case | WrongCase, results: list[dict[str, Any]], tmp_path: Path) -> None:
    """Throughput and latency of one model at one batch size; fails when they cannot be had, or have fallen."""
    if isinstance(case, WrongCase):
        pytest.fail(case.reason, pytrace=False)
    model = case.path(case.config.onnx_path, ROOT)
    if not model.is_file():
        pytest.skip(f"no file {model}: run export_onnx.py in the model's folder first")
    report = tmp_path / "report.json"
    done = subprocess.run(command(case, model, report), capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"{case.name} cannot be measured: {(done.stderr or done.stdout).strip()}", pytrace=False)
    result = entry(case, done.stdout, report)
    results.append(result)
    print(f"\n{done.stdout.strip()}")
    if case.history is not None and result["throughput"] < HOLDS * case.history:
        result["verdict"] = f"REGRESSION, {result['verdict']}"
        pytest.fail(f"{result['throughput']:.4g} samples/s, below {HOLDS} of the history's {case.history:.4g}")


def command(case: Case, model: Path, report: Path) -> list[str]:
    """The command line: the existing binary's flags, and for our own script those that it has beside them."""
    config = case.config
    flags = [f"--input_shapes={case.shapes()}", f"--warmUp={config.warm_up}", f"--iterations={config.iterations}"]
    flags += ["--fp16"] * (config.onnx_dtype == "float16") + ["--runSync"] * config.run_sync
    binary = os.environ.get("TECOEXEC_PATH")
    if binary:
        dtypes = [config.input_dtype] if isinstance(config.input_dtype, str) else config.input_dtype
        flags += [f"--input_dtype={','.join(dtypes)}"] if any(dtypes) else []
        return [binary, f"--loadEngine={model}", *flags]
    flags += [f"--duration={config.duration}", f"--target={config.target}", f"--json={report}"]
    flags += [f"--range={text}" for text in config.input_ranges]
    flags += ["--pieces", f"--batch={case.batch}", f"--batch_index={','.join(map(str, config.indices()))}"]
    if pass_file := case.pass_path(ROOT):
        flags.append(f"--pass_path={pass_file}")
    return [sys.executable, str(ROOT / "tecoexec/tecoexec.py"), f"--onnx={model}", *flags]


def entry(case: Case, said: str, report: Path) -> dict[str, Any]:
    """One result, from the two lines that every tecoexec prints, and from our own report where there is one."""
    times = [re.search(rf"{words} is ([\d.e+-]+) ms\.", said) for words in ("average inference time", "latency")]
    assert all(times), f"the two lines are missing in:\n{said}"
    inference, latency = (float(time.group(1)) for time in times if time)
    record = json.loads(report.read_text(encoding="utf-8"))["records"][-1] if report.is_file() else None
    return {
        "case": case.name,
        "batch": case.batch,
        "throughput": case.batch / inference * 1e3,
        "latency ms": latency,
        "history": case.history,
        "verdict": "" if record is None else "UNSTABLE" if record["reasons"] else "VALID",
        "record": record,
    }


def _cell(value: Any) -> str:
    return "-" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
