"""Every model of the catalogue: its export is proved, verified, and run by its own scripts.

A new folder below contrib/example is covered without a word here. What only one model has, has a file of its own.
One of each kind is drawn (`choice`); TEST_MODELS=all runs them all.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from utils.datasets.folder import files_in
from zoo import catalogue
from zoo.accuracy.verify import VerifyOptions, require_passed, verify
from zoo.difference import TOLERANCE
from zoo.exporting.compared import dtype_of
from zoo.exporting.export import DEFAULT_OPSET
from zoo.manifest import Exported, read_manifest, weights_kind
from zoo.model import Model
from zoo.running.padding import batches_in
from zoo.running.setting import Setting

from .choice import chosen, commit, kind_of

SAMPLES = 24  # that frameworks and files are compared on
FEW = 6  # of closed loops, where each is hundreds of calls; of random weights, where the outputs themselves are judged
STEPS = "2"  # batches of a validation
VALID_BATCH = 16  # samples of each, where nothing else is said
SUMMARY = re.compile(
    r"summary: avg_sps: [\d.e+-]+, e2e_time: [\d.e+-]+, avg_inference_time: [\d.e+-]+, "
    r"avg_preprocess_time: [\d.e+-]+, avg_postprocess: [\d.e+-]+"
)
# Runs several scripts in one process, which starts once, and prints their exit codes at the end.
DRIVER = """
import json, runpy, sys
codes = []
for sys.argv in json.loads(sys.argv[1]):
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as ended:
        codes.append(ended.code)
print(json.dumps(codes))
"""


def offline(model_id: str) -> Model:
    """The variant that needs nothing from elsewhere."""
    family = catalogue.load(model_id)
    return family.variant(family.offline_variant)


every_model = pytest.mark.parametrize("model_id", chosen(catalogue.ids(), commit(), kind_of))


@every_model
def test_every_file_is_as_described_and_near_the_framework(model_id: str, exported: Callable[[str], Path]) -> None:
    model, folder = offline(model_id), exported(model_id)
    manifest = read_manifest(Exported.of(model, folder).manifest)
    assert (manifest["model"], manifest["variant"], manifest["failed"]) == (model_id, model.variant, {})
    files = manifest["files"]
    for part in model.parts:
        kinds = ["static", "dynamic", "float16"] if part.static else ["dynamic", "float16"]
        for kind in kinds:
            entry = files[part.key(kind)]
            assert entry["difference"]["relative"] <= TOLERANCE[dtype_of(kind)]
            assert entry["opset"] == DEFAULT_OPSET
            for said, spec in zip(entry["inputs"] + entry["outputs"], [*part.inputs, *part.outputs], strict=True):
                assert (said["name"], len(said["shape"])) == (spec.name, len(spec.shape))
        dynamic = files[part.key("dynamic")]
        assert [one["shape"] for one in dynamic["inputs"]] == [list(spec.shape) for spec in part.inputs]
        assert [one["dtype"] for one in dynamic["inputs"]] == [spec.dtype for spec in part.inputs]
        if part.static:
            assert [one["shape"] for one in files[part.key("static")]["inputs"]] == part.shapes(1)
    assert {path.name for path in folder.glob("*.onnx")} >= {entry["name"] for entry in files.values()}


@every_model
def test_the_acceptance_standard_holds(model_id: str, exported: Callable[[str], Path]) -> None:
    model = offline(model_id)
    setting = Setting(model, folder=exported(model_id), batch_size=8)
    few = model.task.play is not None or weights_kind(setting.files()[0]) == "random"
    done = verify(setting, VerifyOptions(limit=FEW if few else SAMPLES))
    require_passed(done)
    assert [one.dtype for one in done.contenders] == ["float32", "float32", "float16"]
    assert done.left_out == {}


@every_model
def test_the_scripts(model_id: str, exported: Callable[[str], Path], run: Any, tmp_path: Path) -> None:
    """One demo, all demos, and the beginning of a validation."""
    model, folder = offline(model_id), exported(model_id)
    single, multi, valid = (str(tmp_path / f"{name}.json") for name in ("single", "multi", "valid"))
    # with several parts, what is said of a sample may depend on how far it was filled up for its neighbours
    variant = [] if model.default else ["--variant", model.variant]
    alone = ["--batch_size", "1"] if len(model.parts) > 1 else []
    done = run_scripts(
        run,
        folder,
        ["example_single_batch.py", *variant, "--json", single],
        ["example_multi_batch.py", *variant, "--json", multi, "--save_dir", str(tmp_path / "pictures"), *alone],
        ["example_valid.py", *variant, "--json", valid, "--data_path", "sample"],
    )
    *_, metric, summary, codes = done.stdout.splitlines()
    assert codes == "[0, 0, 0]", done.stderr
    assert re.fullmatch(r"eval_metric -?[\d.e+-]+", metric)
    assert SUMMARY.fullmatch(summary)
    check_predictions(model, predictions(single), predictions(multi), tmp_path / "pictures")
    said = json.loads(Path(valid).read_text(encoding="utf-8"))
    assert (said["model"], said["variant"], said["dtype"]) == (model_id, model.variant, "float32")
    samples = len(model.task.dataset(model.data("sample")))
    assert said["stages"]["batches"] == min(int(STEPS), batches_in(model.task, samples, VALID_BATCH))
    assert float(metric.split()[1]) == pytest.approx(next(iter(said["metrics"].values())), rel=1e-4)


def run_scripts(run: Any, folder: Path, *commands: list[str]) -> subprocess.CompletedProcess[str]:
    """Run the scripts of a model's folder as a user does, one after the other."""
    environment = {"TECO_INFER_PIPELINES_MAX_STEPS": STEPS, "HF_HUB_OFFLINE": "1"}
    done: subprocess.CompletedProcess[str] = run("-c", DRIVER, json.dumps(commands), cwd=folder, **environment)
    assert done.returncode == 0, done.stderr
    return done


def predictions(file: str) -> dict[str, dict[str, Any]]:
    """What a script wrote, by the name of the sample without its folder."""
    said = json.loads(Path(file).read_text(encoding="utf-8"))
    assert said.get("skipped", []) == []
    return {Path(one.pop("id")).name: one for one in said["predictions"]}


def check_predictions(
    model: Model, one: dict[str, dict[str, Any]], every: dict[str, dict[str, Any]], pictures: Path
) -> None:
    """All demos were predicted and drawn, and the first one alone gives what it gives among the others."""
    demos = files_in(model.demo_folder(), model.task.suffixes)
    assert list(every) == [sample.id for demo in demos for sample in model.task.samples_in(demo)]
    drawn = [Path(said.pop("picture")) for said in every.values()]
    assert sorted(drawn) == sorted(path for path in pictures.rglob("*") if path.is_file())
    assert all(path.stat().st_size > 100 for path in drawn)
    assert 0 < len(one) <= len(every)
    for name, said in one.items():
        assert near(said, every[name]), name


def near(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same, up to the rounding of numbers."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(near(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(near, one, other))
    if isinstance(one, float) and isinstance(other, (int, float)):
        return one == pytest.approx(other, rel=1e-3, abs=1e-3)
    return bool(one == other)
