"""The command line, and the suite of cases: what is printed, written and refused."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from onnx import TensorProto
from PIL import Image

from tecoexec import tecoexec
from tecoexec.cases import Case, WrongCase, read
from tecoexec.inputs import WrongUseError
from tecoexec.result import PARTS
from tecoexec.single import OutOfMemoryError

from .conftest import save

SHORT = ["--duration", "0.1", "--iterations", "3", "--warmUp", "2"]
NUMBER = r"\d[\d.e+-]*"


def test_everything_is_printed_and_written(doubling: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [tmp_path / name for name in ("out.json", "out.csv", "out.png")]
    flags = [word for path in paths for word in (f"--{path.suffix[1:].replace('png', 'plot')}", str(path))]
    assert tecoexec.main(["--onnx", str(doubling), "--batch", "4,1", *SHORT, *flags]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert re.fullmatch(rf"average inference time is {NUMBER} ms\.", printed[-2])
    assert re.fullmatch(rf"latency is {NUMBER} ms\.", printed[-1])
    whole = json.loads(paths[0].read_text())
    assert [record["batch"] for record in whole["records"]] == [1, 4]
    for record in whole["records"]:
        assert record["figures"]["calls"] >= 3
        assert record["figures"]["warm_up_calls"] >= 2
        assert record["peak_memory_mib"] > 1
        assert record["versions"]["runtime"].startswith("ONNX Runtime")
        assert record["inputs"] == [f"x: float32[{record['batch']}, 8]"]
    with paths[1].open() as file:
        assert [row["batch"] for row in csv.DictReader(file)] == ["1", "4"]
    with Image.open(paths[2]) as image:
        assert image.format == "PNG"


def test_the_existing_flags_and_a_baseline(doubling: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = tmp_path / "before.json"
    vendor = ["--loadEngine", str(doubling), "--target", "onnx", "--input_shapes=2*8", "--runSync"]
    assert tecoexec.main([*vendor, *SHORT, "--json", str(before)]) == 0
    flags = ["--onnx", str(doubling), "--batch", "2", "--streams", "2", *SHORT, "--baseline", str(before)]
    assert tecoexec.main(flags) == 0
    assert re.search(
        r"against the baseline: (no difference|faster|slower); throughput x [\d.]+, 95 % interval",
        capsys.readouterr().out,
    )


@pytest.mark.parametrize(
    ("target", "parts"),
    [("tensorrt", ("host_to_device", "compute", "device_to_host")), ("openvino", ("compute",)), ("onnx", ())],
)
def test_parts_of_a_call_are_told_where_the_runtime_tells_them(
    doubling: Path,
    tmp_path: Path,
    root: Path,
    target: str,
    parts: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(root / "tests/doubles/tensorrt"))  # for the process that measures
    monkeypatch.setenv("TECO_ZOO_HOME", str(tmp_path / "home"))
    out, table = tmp_path / "out.json", tmp_path / "out.csv"
    flags = ["--onnx", str(doubling), "--target", target, "--batch", "2,4", "--json", str(out), "--csv", str(table)]
    assert tecoexec.main([*flags, "--input_shapes", "4*8", *SHORT]) == 0
    printed = capsys.readouterr().out
    assert printed.count("host to device") == 2 * ("host_to_device" in parts)
    with table.open() as file:
        rows = list(csv.DictReader(file))
    for record, row in zip(json.loads(out.read_text())["records"], rows, strict=True):
        told = {part: record["figures"][f"{part}_ms"] for part in PARTS}
        assert {part for part, value in told.items() if value is not None} == set(parts)
        assert {part for part in PARTS if row[f"{part}_ms"] != "-"} == set(parts)
        assert all(0 <= told[part] <= record["figures"]["max_ms"] for part in parts)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--onnx", "missing.onnx"], "no model file missing.onnx"),
        (["--onnx", "{tokens}", "--input_shapes", "1*4"], "takes whole numbers"),
        (["--onnx", "{tokens}"], "leaves dimension 'length' open"),
        (["--onnx", "{doubling}", "--batch", "0"], "--batch is whole numbers"),
        (["--onnx", "{doubling}", "--streams", "0"], "--streams is at least 1"),
        (["--onnx", "{doubling}", "--option", "threads"], "name=value"),
        (["--onnx", "{doubling}", "--option", "colour=1"], "has no option colour"),
        (["--onnx", "{doubling}", "--target", "abacus"], "unknown target 'abacus'"),
        (["--onnx", "{doubling}", "--baseline", "{doubling}"], "was not written by tecoexec --json"),
    ],
)
def test_wrong_use_is_a_sentence(
    doubling: Path, tokens: Path, flags: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    filled = [flag.format(doubling=doubling, tokens=tokens) for flag in flags]
    assert tecoexec.main([*filled, *SHORT]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said


def test_token_ids_stay_within_the_vocabulary(tokens: Path, tmp_path: Path) -> None:
    flags = ["--onnx", str(tokens), "--input_shapes", "3*4", "--range", "x=0:9", "--json", str(tmp_path / "out.json")]
    assert tecoexec.main([*flags, *SHORT]) == 0
    assert json.loads((tmp_path / "out.json").read_text())["records"][0]["inputs"] == ["x: int64[3, 4]"]


def record(batch: int, throughput: float) -> dict[str, Any]:
    names = ("inference_ms", "mean_ms", "p50_ms", "p90_ms", "p95_ms", "p99_ms", "min_ms", "max_ms")
    names += ("host_to_device_ms", "compute_ms", "device_to_host_ms")
    said = dict.fromkeys(names, 1.0) | {"throughput": throughput, "calls": 9, "seconds": 1.0, "warm_up_seconds": 1.0}
    return {"batch": batch, "figures": said, "reasons": [], "peak_memory_mib": 9.0}


@pytest.mark.parametrize(
    ("end", "words", "seen"),
    [
        ("memory", "batch 32: does not fit into memory", [1, 4, 8, 16]),
        ("throughput", "throughput has not grown for 2 batch sizes", [1, 4, 8, 16, 32]),
    ],
)
def test_a_sweep_ends_where_memory_or_throughput_ends_it(
    doubling: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    end: str,
    words: str,
    seen: list[int],
) -> None:
    def run(setting: object, batch: int, plan: object) -> dict[str, Any]:
        if end == "memory" and batch == 32:
            raise OutOfMemoryError("too large")
        return record(batch, float(min(batch, 8)))

    monkeypatch.setattr(tecoexec, "run_fresh", run)
    out = tmp_path / "out.json"
    if end == "memory":
        monkeypatch.setattr(tecoexec, "_GIVE_UP", 5)
    assert tecoexec.main(["--onnx", str(doubling), "--batch", "sweep", "--json", str(out)]) == 0
    assert words in capsys.readouterr().out
    assert [one["batch"] for one in json.loads(out.read_text())["records"]] == seen


CASE = """
- case_name: model.infer.sync.doubling.1card.batch4.shape8
  model_name: doubling
  onnx_path: {path}
  onnx_dtype: float32
  input_shapes: 1*8
  batch_size: [4, 8]
  iterations: 3
  warm_up: 2
  run_sync: true
  duration: 0.1
"""


def run_suite(config: Path, output: Path, *flags: str, root: Path) -> subprocess.CompletedProcess[str]:
    environ = os.environ | {"TECOEXEC_CONFIGS": str(config), "OUTPUT_DIR": str(output)}
    environ.pop("MAX_ENGINE_NUMS", None)
    command = [sys.executable, "-m", "pytest", "-vs", *flags, "tecoexec/test_tecoexec.py"]
    return subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, check=False)


def test_the_suite_writes_its_results(doubling: Path, tmp_path: Path, root: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(CASE.format(path=doubling))
    done = run_suite(config, tmp_path / "out", "-k", "doubling and batch8", root=root)
    assert done.returncode == 0, done.stdout
    found = json.loads((tmp_path / "out/results.json").read_text())
    assert [entry["batch"] for entry in found] == [8]
    assert found[0]["verdict"] in ("VALID", "UNSTABLE")
    assert "written: " in done.stdout


def test_the_suite_flags_a_regression(doubling: Path, tmp_path: Path, root: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(CASE.format(path=doubling) + "  history_throughput: [1.0, 1.0e+12]\n")
    done = run_suite(config, tmp_path / "out", root=root)
    assert done.returncode == 1, done.stdout
    assert "1 failed, 1 passed" in done.stdout
    verdicts = [entry["verdict"] for entry in json.loads((tmp_path / "out/results.json").read_text())]
    assert [verdict.startswith("REGRESSION") for verdict in verdicts] == [False, True]


def test_another_binary_is_called_with_its_own_flags_only(
    doubling: Path, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary = tmp_path / "binary"
    said = "average inference time is 2.0 ms.\\nlatency is 3.0 ms.\\n"
    binary.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/flags\nprintf "{said}"\n')
    binary.chmod(0o755)
    config = tmp_path / "config.yaml"
    config.write_text(CASE.format(path=doubling))
    monkeypatch.setenv("TECOEXEC_PATH", str(binary))
    done = run_suite(config, tmp_path / "out", "-k", "batch8", root=root)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "flags").read_text().split() == [
        f"--loadEngine={doubling}",
        "--input_shapes=8*8",
        "--warmUp=2",
        "--iterations=3",
        "--runSync",
    ]
    assert json.loads((tmp_path / "out/results.json").read_text())[0]["throughput"] == pytest.approx(4000)


def good(config: Path, environ: dict[str, str]) -> list[Case]:
    """Every case, of a file without a wrong one."""
    return [case for case in read(config, environ) if isinstance(case, Case)]


def test_batch_sizes_follow_the_compute_units(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(CASE.format(path="x.onnx") + "  history_throughput: 5.0\n")
    assert [(case.batch, case.history) for case in good(config, {})] == [(4, 5.0), (8, 5.0)]
    assert [(case.batch, case.history) for case in good(config, {"MAX_ENGINE_NUMS": "3"})] == [(3, None), (6, None)]
    assert [case.shapes() for case in good(config, {})] == ["4*8", "8*8"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("run_sync: true", "run_sync: perhaps"), "case 1 .*run_sync"),
        (("warm_up: 2", "warmup: 2"), "case 1 .*warm"),
        (("duration: 0.1", "history_throughput: [1.0]"), "history_throughput has 1 figures for 2 batch sizes"),
        (("input_shapes: 1*8", "input_shapes: one"), "case 1 .*shapes are written as"),
        (("duration: 0.1", "batch_index: 2"), "batch_index 2 is no dimension"),
        (("duration: 0.1", "batch_index: [0, 1]"), "batch_index has 2 numbers for 1 inputs"),
    ],
)
def test_mistakes_in_a_case_are_named_and_stop_no_other(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    config = tmp_path / "config.yaml"
    whole = CASE.format(path="x.onnx")
    config.write_text(whole.replace(*change) + whole)
    wrong, *good = read(config, {})
    assert isinstance(wrong, WrongCase)
    assert re.search(words, wrong.reason)
    assert [case.batch for case in good if isinstance(case, Case)] == [4, 8]


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"case_name: x", b"- a: [", b"3", b"- a: 1\x80", "- a: 1".encode("utf-16"), b"- a: " + b"9" * 5000),
        *(b"[" * 20_000, b"- a: 2020-99-99", b"!!python/object/apply:os.getcwd []"),
    ],
    ids=lambda content: repr(content[:20]),
)
def test_a_file_that_is_no_list_of_cases(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.yaml").write_bytes(content)
    with pytest.raises(WrongUseError, match=r"holds no list|cannot be read"):
        read(tmp_path / "config.yaml", {})


WILD = """
- case_name: model.infer.async.doubling.1card.dynamic.shape8
  onnx_path: {path}
  pass_path: resnet/resnet_pass.py
  onnx_dtype: float32
  input_shapes: 1*8
  input_dtype: float32
  batch_size: [4, 8]
  batch_index: 0
  iterations: 3
  warm_up: 2
  run_sync: true
  benchmark_of_latency: 3.5
  cuda_throughput: [1000]
  cuda_latency: [1.0, 2.0, 3.0]
  desc: {{author: somebody, card: T1}}
  duration: 0.1
- case_name: broken
  onnx_path: 5
"""


def test_configs_as_they_are_in_the_wild(doubling: Path, tmp_path: Path, root: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(WILD.format(path=doubling))
    first = read(config, {})[0]
    assert isinstance(first, Case)
    assert first.pass_path(root) == root / "contrib/engine/passes/resnet/resnet_pass.py"
    done = run_suite(config, tmp_path / "out", root=root)
    assert "1 failed, 2 passed" in done.stdout, done.stdout
    assert "case 2 (broken)" in done.stdout
    assert [entry["batch"] for entry in json.loads((tmp_path / "out/results.json").read_text())] == [4, 8]


EMPTY = """
- case_name: empty.{number}
  model_name:
  onnx_path: {path}
  pass_path:
  onnx_dtype: {dtype}
  input_shapes: 1*8
  input_dtype:
  batch_size: [1, 4]
  batch_index:
  iterations: 3
  warm_up: 1
  run_sync: false
  benchmark_of_latency:
  cuda_throughput:
  history_throughput:
  desc:
  duration: 0.1
"""


def test_a_field_with_nothing_behind_it_is_left_out(doubling: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        EMPTY.format(number=1, path=doubling, dtype="float32") + EMPTY.format(number=2, path="", dtype="")
    )
    one, other, wrong = read(config, {})
    assert isinstance(one, Case)
    assert isinstance(other, Case)
    assert [(case.batch, case.history, case.config.desc, case.pass_path(tmp_path)) for case in (one, other)] == [
        (1, None, "", None),
        (4, None, "", None),
    ]
    assert isinstance(wrong, WrongCase)
    assert "onnx_path" in wrong.reason


@pytest.mark.parametrize("entry", ["- a word", "-", "- [1, 2]", "- {case_name: odd, onnx_path: x, colour: red}"])
def test_an_entry_that_is_no_case_stops_no_other(doubling: Path, tmp_path: Path, entry: str) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"{entry}\n{CASE.format(path=doubling)}")
    found = read(config, {})
    assert [type(one) for one in found] == [WrongCase, Case, Case]


def test_a_case_that_cannot_be_measured_fails_with_a_sentence(doubling: Path, tmp_path: Path, root: Path) -> None:
    """A pass file that is not there, a file that is no network; the last case is measured all the same."""
    config = tmp_path / "config.yaml"
    (tmp_path / "text.onnx").write_text("no network")
    good = CASE.replace("batch_size: [4, 8]", "batch_size: 4")
    bad = good.replace("duration: 0.1", "duration: 0.1\n  target: cpu\n  pass_path: swin/none.py")
    config.write_text(bad.format(path=doubling) + good.format(path=tmp_path / "text.onnx") + good.format(path=doubling))
    done = run_suite(config, tmp_path / "out", root=root)
    assert "2 failed, 1 passed" in done.stdout, done.stdout
    assert "cannot be measured: error: no pass file" in done.stdout
    assert "text.onnx is no ONNX model: it is a text that begins with" in done.stdout
    assert "AssertionError" not in done.stdout


def test_a_fixed_file_is_measured_in_pieces_for_a_config_only(
    tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save(tmp_path / "fixed.onnx", TensorProto.FLOAT, [2, 8])
    assert tecoexec.main(["--onnx", str(path), "--batch", "8", *SHORT]) == 2
    assert "is fixed at batch 2" in capsys.readouterr().err
    config = tmp_path / "config.yaml"
    config.write_text(CASE.format(path=path).replace("batch_size: [4, 8]", "batch_size: 8"))
    done = run_suite(config, tmp_path / "out", root=root)
    assert done.returncode == 0, done.stdout
    record = json.loads((tmp_path / "out/results.json").read_text())[0]["record"]
    assert record["inputs"] == ["x: float32[8, 8]"]


def test_the_batch_may_be_another_dimension(tmp_path: Path) -> None:
    path = save(tmp_path / "steps.onnx", TensorProto.FLOAT, [3, "batch"])
    flags = ["--onnx", str(path), "--input_shapes", "3*1", "--batch", "5", "--batch_index", "1", *SHORT]
    assert tecoexec.main([*flags, "--json", str(tmp_path / "out.json")]) == 0
    assert json.loads((tmp_path / "out.json").read_text())["records"][0]["inputs"] == ["x: float32[3, 5]"]


def test_the_shipped_config_is_good_and_names_models_that_exist(root: Path) -> None:
    found = read(root / "tecoexec/testcase_configs/tecoexec_config.yaml", {})
    cases = [case for case in found if isinstance(case, Case)]
    assert cases == found
    assert {case.config.model_name for case in cases} >= {"lenet", "resnet50"}
    for case in cases:
        assert (root / case.config.onnx_path).parent.joinpath("export_onnx.py").is_file()
        assert not case.config.pass_path or (root / case.config.pass_path).is_file()
