"""zoo report and zoo matrix: measured results, and the words 'not run' everywhere else."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from zoo import catalogue
from zoo.commands import console
from zoo.contributing import report
from zoo.contributing.matrix import collect, pages

ROOT = Path(__file__).resolve().parents[2]
LENET = "classification/lenet"


def verified(runs: Path, model: str = LENET, **changes: Any) -> dict[str, Any]:
    """A file of results as `zoo run` writes it, with invented figures that no page but this test's shows."""
    record: dict[str, Any] = {
        "model": model,
        "variant": "lenet",
        "target": "onnx",
        "weights": "sample",
        "date": "2024-05-01T10:00:00+00:00",
        "host": {"cpu": "Test <cpu>", "cores": 2, "system": "Test"},
        "versions": {"onnxruntime": "1.2.3"},
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
    path = runs / model / "verify.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record))
    return record


def _runtime(name: str, dtype: str, throughput: float, p50: float, p99: float | None) -> dict[str, Any]:
    figures = {"throughput": throughput, "latency_p50_ms": p50, "latency_p99_ms": p99}
    return {"runtime": name, "dtype": dtype, "metrics": {"top1": 0.5, "top5": 1.0}, **figures}


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


def described(runs: Path, limit: Path | None = None) -> str:
    return "\n".join(report.report(catalogue.load(LENET), ROOT, runs, limit))


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
    state = {"case": "classification_lenet", "model": LENET, "fingerprint": "of old", "started": "2024", "passed": True}
    (folder / "result.json").write_text(json.dumps({**state, "findings": [], "steps": []}))
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


@pytest.fixture
def cells(tmp_path: Path) -> list[collect.Cell]:
    """LeNet measured, ResNet not at all."""
    verified(tmp_path)
    return collect.cells([catalogue.load(LENET), catalogue.load("classification/resnet")], tmp_path)


def test_cells_are_measured_or_said_not_to_be(cells: list[collect.Cell]) -> None:
    lenet = {(cell.target, cell.dtype): cell.measured for cell in cells if cell.model.id == LENET}
    assert ("paddle", "float32") not in lenet
    reference, float16 = lenet["torch", "float32"], lenet["onnx", "float16"]
    assert reference is not None
    assert float16 is not None
    assert (reference["verdict"], reference["throughput"]) == ("reference", 10.0)
    assert (float16["verdict"], float16["throughput"]) == ("FAIL", 90.0)
    assert all(cell.measured is None for cell in cells if cell.model.id != LENET)


def test_a_run_of_several_targets_fills_a_cell_each(tmp_path: Path) -> None:
    runtimes = [_runtime("torch", "float32", 1.0, 1.0, None), _runtime("onnxruntime", "float32", 2.0, 1.0, None)]
    runtimes += [_runtime("openvino:CPU", "float32", 3.0, 1.0, None), _runtime("cpu", "float32", 4.0, 1.0, None)]
    verified(tmp_path, target="onnx,openvino:CPU,cpu", runtimes=runtimes, comparisons=[])
    found = collect.cells([catalogue.load(LENET)], tmp_path)
    measured = {(cell.target, cell.dtype): cell.measured["throughput"] for cell in found if cell.measured}
    assert measured == {
        ("torch", "float32"): 1.0,
        ("onnx", "float32"): 2.0,
        ("openvino", "float32"): 3.0,
        ("cpu", "float32"): 4.0,
    }


def test_the_newest_result_counts(tmp_path: Path) -> None:
    verified(tmp_path / "old", date="2023-01-01", weights="random")
    verified(tmp_path / "new")
    (tmp_path / "verify_damaged.json").write_text("{")
    (tmp_path / "verify_of_another_kind.json").write_text("[]")
    found = collect.cells([catalogue.load(LENET)], tmp_path)[0].measured
    assert found is not None
    assert found["weights"] == "sample"


@pytest.mark.parametrize(("language", "nothing"), [("en", "Nothing has been run"), ("zh", "尚未运行")])
def test_markdown(cells: list[collect.Cell], language: str, nothing: str) -> None:
    text = pages.markdown(cells, language)
    assert "| onnx | float32 | top1 0.5000 | 98.00% of 100 | pass | 200 | 2.00 | 3.50 | 2024-05-01 |" in text
    assert nothing in text.partition("## classification/resnet")[2]


def test_random_weights_have_no_metric(tmp_path: Path) -> None:
    verified(tmp_path, weights="random")
    found = collect.cells([catalogue.load(LENET)], tmp_path)
    for text in (pages.markdown(found, "en"), pages.page(found, {LENET: ""})):
        assert "top1" not in text
        assert "none (random weights)" in text


def test_the_page_needs_nothing_else(cells: list[collect.Cell]) -> None:
    text = pages.page(cells, {cell.model.id: collect.picture(cell.model) for cell in cells})
    assert "http" not in text
    assert "src=" not in text
    assert text.count("data:image/png;base64,") == 2
    assert "Test &lt;cpu&gt;" in text
    assert "not run" in text


class Browser:
    """Just enough of the WebDriver protocol: open a page, run a script in it."""

    def __init__(self, port: int, profile: Path):
        self.base = f"http://127.0.0.1:{port}"
        flags = (
            "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
            f"--disable-component-update --disable-sync --user-data-dir={profile}"
        )
        options = {"goog:chromeOptions": {"args": flags.split()}}
        self.session = self.post("/session", {"capabilities": {"alwaysMatch": options}})["sessionId"]

    def post(self, path: str, value: dict[str, Any]) -> Any:
        request = urllib.request.Request(self.base + path, json.dumps(value).encode(), method="POST")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, path: Path) -> None:
        self.post(f"/session/{self.session}/url", {"url": path.as_uri()})

    def run(self, script: str) -> Any:
        return self.post(f"/session/{self.session}/execute/sync", {"script": script, "args": []})


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    driver = shutil.which("chromedriver")
    if driver is None:
        pytest.skip("needs Chromium and its driver (Debian: chromium, chromium-driver)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        [driver, f"--port={port}"], stdout=subprocess.DEVNULL, env={**os.environ, "HOME": str(tmp_path)}
    ) as process:
        try:
            _wait_for(port)
            made = Browser(port, tmp_path / "profile")
            yield made
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                urllib.request.Request(f"{made.base}/session/{made.session}", method="DELETE"), timeout=60
            )
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("chromedriver does not listen")


SHOWN = "return [...document.querySelectorAll('tbody tr')].filter((row) => !row.hidden).map((row) => row.dataset.target"
SHOWN += " + ' ' + row.dataset.dtype + ' ' + row.cells[6].textContent)"


def test_sorting_filters_and_search_in_a_browser(cells: list[collect.Cell], browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "models.html"
    page.write_text(pages.page(cells, {cell.model.id: collect.picture(cell.model) for cell in cells}))
    browser.open(page)
    shown: Callable[[], list[str]] = lambda: browser.run(SHOWN)  # noqa: E731
    everything = shown()
    assert len(everything) == len(cells)
    click = "document.querySelectorAll('th button')[6].click();"
    browser.run(click)
    assert shown()[:3] == ["torch float32 10", "onnx float16 90", "onnx float32 200"], "as numbers, upwards"
    browser.run(click)
    assert shown()[:3] == ["onnx float32 200", "onnx float16 90", "torch float32 10"], (
        "downwards; empty cells stay last"
    )
    change = "const one = document.getElementById('{}'); one.value = '{}'; one.dispatchEvent(new Event('input'));"
    browser.run(change.format("search", "LENET sample"))
    assert len(shown()) == 3
    browser.run(change.format("verdict", "FAIL"))
    assert shown() == ["onnx float16 90"]
    browser.run(change.format("search", "") + "one.dispatchEvent(new Event('input'));")
    browser.run(change.format("verdict", "not run"))
    assert len(shown()) == sum(cell.measured is None for cell in cells)
    assert browser.run("return document.getElementById('shown').textContent").startswith(f"{len(shown())} of ")
    assert browser.run("return document.querySelector('tr:not([hidden]) .picture').getBoundingClientRect().width") == 72
    assert browser.run(
        "return getComputedStyle(document.querySelector('tr:not([hidden]) .picture')).backgroundImage"
    ).startswith("url(")


def test_what_is_no_number_is_null_in_json(tmp_path: Path) -> None:
    console.write_json(tmp_path / "x.json", {"a": [float("nan"), 1.5], "b": (float("inf"), "NaN")})
    assert json.loads((tmp_path / "x.json").read_text()) == {"a": [None, 1.5], "b": [None, "NaN"]}
