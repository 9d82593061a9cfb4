"""The cells of the matrix: model × target × dtype, each measured, or said not to be."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import backends
from utils.datasets.folder import IMAGE_SUFFIXES
from zoo import frameworks
from zoo.commands import flags
from zoo.model import Model
from zoo_core.files import read_json

FRAMEWORK_TARGETS = ("torch", "paddle")
_PACKAGES = {"paddle": "paddlepaddle", "mindspore_cell": "mindspore"}  # where a runtime is not called as its package is
_THUMBNAIL = (144, 96)  # twice what the page shows, for screens of high density


@dataclass(frozen=True)
class Cell:
    """One model on one target in one dtype. measured: the figures, or None where nothing has been run."""

    model: Model
    target: str
    dtype: str
    measured: dict[str, Any] | None = None


def cells(models: Sequence[Model], runs: Path) -> list[Cell]:
    """Every combination, in order of model, target and dtype. Results are <runs>/**/verify*.json, the newest first."""
    found = _measurements(runs)
    return [
        Cell(model, target, dtype, found.get((model.id, target, dtype)))
        for model in models
        for target, dtype in _combinations(model)
    ]


def _combinations(model: Model) -> list[tuple[str, str]]:
    """The framework itself (float32) first, then every target in each dtype."""
    own = frameworks.target(model)
    others = [
        (name, backend)
        for name, backend in backends.targets().items()
        if name not in FRAMEWORK_TARGETS and backend.suffix[1:] in frameworks.formats(model.framework)
    ]
    return [
        (own, "float32"),
        *(
            (name, dtype)
            for name, backend in others
            for dtype in flags.DTYPES
            if dtype != "int8" or dtype in backend.dtypes
        ),
    ]


def _measurements(runs: Path) -> dict[tuple[str, str, str], dict[str, Any]]:
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for path in runs.rglob("verify*.json"):
        record = read_json(path)
        if not isinstance(record, dict) or not {"date", "model", "runtimes", "target", "weights"} <= record.keys():
            continue
        compared = {one["contender"]: one for one in record["comparisons"]}
        for one in record["runtimes"]:
            # verify names what it ran by target, but for the baseline, and with a device where one was asked for
            target = "onnx" if one["runtime"] == "onnxruntime" else one["runtime"].partition(":")[0]
            key = (record["model"], target, one["dtype"])
            if key not in found or found[key]["date"] < record["date"]:
                found[key] = _figures(record, one, compared.get(f"{one['runtime']} {one['dtype']}"))
    return found


def _figures(record: dict[str, Any], one: dict[str, Any], against: dict[str, Any] | None) -> dict[str, Any]:
    name, value = next(iter(one["metrics"].items()))
    host, versions = record["host"], record["versions"]
    runtimes = [entry["runtime"] for entry in record["runtimes"]]
    shown = dict.fromkeys(_PACKAGES.get(name, name) for name in runtimes)
    return {
        "metric": f"{name} –" if value is None else f"{name} {value:.4f}",
        "agreement": "" if against is None else f"{against['agreement']:.2%} of {against['samples']}",
        "verdict": "reference" if against is None else "pass" if against["passed"] else "FAIL",
        "throughput": one["throughput"],
        "p50": one["latency_p50_ms"],
        "p99": one.get("latency_p99_ms"),
        "batch": record["batch_size"],
        "variant": record["variant"],
        "weights": record["weights"],
        "date": record["date"],
        "host": f"{host['cpu']}, {host['cores']} cores, load {host.get('load', 'unknown')}",
        "versions": ", ".join(f"{name} {versions[name]}" for name in shown if name in versions),
    }


def picture(model: Model) -> str:
    """The first demo as a small picture, as a data: address; "" if the demos are no pictures."""
    from PIL import Image

    files = [file for file in sorted(model.demo_folder().rglob("*")) if file.suffix in IMAGE_SUFFIXES]
    if not files:
        return ""
    with Image.open(files[0]) as image:
        small = image.convert("RGB")
    if small.width < _THUMBNAIL[0] // 2:
        small = small.resize((small.width * 8, small.height * 8), Image.Resampling.NEAREST)
    small.thumbnail(_THUMBNAIL)
    sink = io.BytesIO()
    small.save(sink, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(sink.getvalue()).decode()
