"""What a manifest says: where the files come from, what is in them, how far they are from the framework."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.base import Engine
from zoo import frameworks
from zoo.difference import Difference
from zoo.manifest import Exported
from zoo.model import Model
from zoo.provenance import version_of
from zoo.weights import Weights
from zoo_core.hashing import sha256

_PACKAGES = ("onnx", "onnxsim", "onnxruntime", "onnxconverter-common", "numpy")


def record_of(
    model: Model,
    weights: Weights,
    input_size: int | None,
    made: Exported,
    note: str,
    differences: Mapping[str, Difference],
    samples: int,
) -> dict[str, Any]:
    """The content of a manifest, fit for JSON.

    Args:
        made: the files, and those that failed their comparison.
        note: of the exporter.
        differences: by the key of the file.
        samples: how many they were compared on.
    """
    return {
        "model": model.id,
        "variant": model.variant,
        "weights": weights.to_json(),
        "input_size": input_size,
        "files": {key: entry_of(key, path, differences[key]) for key, path in made.paths.items()},
        "failed": dict(made.failed),
        "compared_on": f"{samples} preprocessed samples",
        "note": note,
        "versions": frameworks.versions(model) | {name: version for name in _PACKAGES if (version := version_of(name))},
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def entry_of(key: str, path: Path, apart: Difference) -> dict[str, Any]:
    """What a manifest says of one file.

    Args:
        key: its part and kind.
        apart: how far it is from the framework.
    """
    return {
        "name": path.name,
        "sha256": sha256(path),
        "bytes": path.stat().st_size,
        "difference": apart.to_json(),
        **_graph_facts(key.rpartition("/")[2], path),
    }


def _graph_facts(kind: str, path: Path) -> dict[str, Any]:
    """Opset, inputs and outputs as they stand in the file; nothing of a .ckpt, which is weights without a graph."""
    if kind == "ckpt":
        return {}
    opset = {} if kind == "mindir" else {"opset": _opset(path)}
    with Engine(path, target="mindspore" if kind == "mindir" else "onnx") as engine:
        return opset | {
            "inputs": [{"name": spec.name, "dtype": spec.dtype, "shape": list(spec.shape)} for spec in engine.inputs],
            "outputs": [{"name": spec.name, "dtype": spec.dtype, "shape": list(spec.shape)} for spec in engine.outputs],
        }


def _opset(path: Path) -> int:
    import onnx

    return next(entry.version for entry in onnx.load(path).opset_import if entry.domain in ("", "ai.onnx"))
