"""What a sweep measures of one network: it is exported with random weights, and verified, at a small input."""

from __future__ import annotations

import logging
import math
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zoo.accuracy.comparison import Comparison
from zoo.accuracy.verify import VerifyOptions, verify
from zoo.difference import TOLERANCE, Difference
from zoo.exporting.export import ExportOptions, export
from zoo.manifest import manifest_path
from zoo.model import Model
from zoo.running.reference import demo_batch, reference_runner
from zoo.running.setting import Setting
from zoo.task import as_list
from zoo_core.errors import told
from zoo_core.files import read_json

SIDES = (32, 64, 96, 128, 160, 192, 224, 256)
DTYPES = ("float32", "float16")
_SECOND_SIZE = 32  # by which the second size of an export's comparison exceeds the first
_SAMPLES = 4


def measure(model: Model, targets: Sequence[str], folder: Path, say: Callable[[dict[str, Any]], None]) -> None:
    """Export and verify one network; what is found is said, as fields of a `Row`, while it is found.

    The network is tried at the smallest input that it takes. Where that fails, it is tried at its own size too: a map
    of one pixel is a case of its own, and rounding errors of random weights average out over larger ones.

    Args:
        model: the network.
        targets: of the engine.
        folder: where the exported files go; nothing else is written anywhere.
        say: is told what was found.
    """
    logging.disable(logging.INFO)
    data = _alone_at_home(model, folder)
    say({"step": "building the network"})
    try:
        network = model.build()
        network.eval()
    except Exception as error:
        # what a library's builder raises is its own
        say({"reason": f"cannot be built: {_without_places(told(error), folder)}"})
        return
    say({"parameters": sum(math.prod(one.shape) for one in network.parameters())})
    say({"step": "looking for the smallest input"})
    smallest = _smallest(model, network)
    del network  # export and verify each build their own
    notes: list[str] = []
    for side in dict.fromkeys((smallest, None)):
        say({"step": f"exporting and verifying at {f'{side} × {side}' if side else 'its own size'}"})
        facts = _tried(model, targets, folder, data, side)
        if facts["reason"] and side is not None:
            notes.append(f"at {side} × {side}: {facts['reason']}")
        say(facts | {"notes": notes})
        if not facts["reason"]:
            break
    say({"step": ""})


def _alone_at_home(model: Model, folder: Path) -> Path:
    """The sample data. What is kept for the next time (compiled engines) goes to `folder` from now on, and with it."""
    data = model.data("sample").resolve()
    os.environ["TECO_ZOO_HOME"] = str(folder / "home")
    return data


def _smallest(model: Model, network: Any) -> int | None:
    """The smallest side of the list at which the network gives numbers; None stands for the network's own size."""
    if not model.entry.size:
        return None
    runner = reference_runner(model, network)
    own = max(model.entry.size.values())
    for side in SIDES:
        if side < own and all(_takes(model, runner, side + more) for more in (0, _SECOND_SIZE)):
            return side
    return None


def _takes(model: Model, runner: Any, side: int) -> bool:
    try:
        outputs = as_list(runner(demo_batch(model, model.demo_folder(), side)))
    except Exception:
        # a network raises what it likes at a size that it does not take
        return False
    return all(bool(np.isfinite(output).all()) for output in outputs)


def _tried(model: Model, targets: Sequence[str], folder: Path, data: Path, side: int | None) -> dict[str, Any]:
    """The fields of a row, at one size; `reason` says what failed."""
    facts: dict[str, Any] = {"equal": [], "differences": {}, "targets": {}, "left_out": {}}
    try:
        done = export(model, folder, ExportOptions(weights="random", input_size=side))
        facts |= _of_manifest(read_json(manifest_path(folder, model.variant)), folder)
        setting = Setting(model, folder=folder, target=",".join(targets), input_size=side, batch_size=_SAMPLES)
        verified = verify(setting, VerifyOptions(data=data, limit=_SAMPLES))
    except Exception as error:
        # what a library's network raises is its own; it is what became of this name
        return facts | {"reason": _without_places(told(error), folder)}
    facts["targets"] = {_name(one): Difference.worst(one.differences).relative for one in verified.comparisons}
    facts["left_out"] = {name: why for name, why in verified.left_out.items() if name.split(" ")[-1] in DTYPES}
    far = [one for one in verified.comparisons if not facts["targets"][_name(one)] <= TOLERANCE[one.contender.dtype]]
    facts["equal"] = [
        dtype for dtype in DTYPES if dtype in facts["differences"] and dtype not in [one.contender.dtype for one in far]
    ]
    reasons = [*done.failed.values(), *map(_told, far)]
    return facts | {"reason": _without_places("; ".join(reasons), folder)}


def _of_manifest(manifest: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What an export's manifest says, as fields of a row."""
    files = manifest["files"]
    of_dtype = {"float32": ("static", "dynamic"), "float16": ("float16",)}
    dynamic = files["dynamic"]["inputs"][0]["shape"]
    return {
        "input": files["static"]["inputs"][0]["shape"][1:],
        "opset": files["dynamic"]["opset"],
        "dynamic_batch": isinstance(dynamic[0], str),
        "any_size": any(isinstance(axis, str) for axis in dynamic[1:]),
        "exporter": _without_places(manifest["note"], folder),
        "differences": {
            dtype: max(files[kind]["difference"]["relative"] for kind in kinds)
            for dtype, kinds in of_dtype.items()
            if all(kind in files for kind in kinds)
        },
    }


def _name(one: Comparison) -> str:
    """What a row calls a comparison: "onnx float32"."""
    runtime = "onnx" if one.contender.runtime == "onnxruntime" else one.contender.runtime
    return f"{runtime} {one.contender.dtype}"


def _told(one: Comparison) -> str:
    apart = Difference.worst(one.differences).relative
    dtype = one.contender.dtype
    return f"{_name(one)} differs from {one.baseline.name} by {apart:.2e} (allowed for {dtype}: {TOLERANCE[dtype]:.0e})"


def _without_places(text: str, folder: Path) -> str:
    """The same without where on this machine something lies, which says nothing to others."""
    for place in (str(folder), sys.prefix, str(Path.home())):
        text = text.replace(f"{place}/", "")
    return text
