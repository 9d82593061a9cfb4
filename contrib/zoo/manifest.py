"""The files of an export, and the manifest that says what they were made of."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.tecoinfer_pytorch import TecoInferEngine
from zoo import frameworks
from zoo.difference import Difference
from zoo.errors import ZooError
from zoo.model import Model, file_name
from zoo.weights import Weights
from zoo_core.hashing import sha256

ONNX = frameworks.ONNX
# The files of each format
KINDS = {ONNX: ("static", "dynamic", "float16"), "mindir": ("mindir",), "ckpt": ("ckpt",)}


@dataclass(frozen=True)
class Exported:
    """The files of one export by kind. `manifest` is written last: where it exists, all of them are complete."""

    paths: Mapping[str, Path]
    manifest: Path

    @property
    def static(self) -> Path:
        return self.paths["static"]

    @property
    def dynamic(self) -> Path:
        return self.paths["dynamic"]

    @property
    def float16(self) -> Path:
        return self.paths["float16"]

    def files(self) -> list[Path]:
        return [*self.paths.values(), self.manifest]

    @staticmethod
    def of(variant: str, folder: Path, kinds: Sequence[str] = KINDS[ONNX]) -> Exported:
        names = {
            "static": file_name(variant, dynamic=False),
            "dynamic": file_name(variant),
            "float16": file_name(variant, "float16"),
            "int8": file_name(variant, "int8"),
            "mindir": file_name(variant, suffix=".mindir"),
            "ckpt": f"{variant}.ckpt",
        }
        return Exported({kind: folder / names[kind] for kind in kinds}, folder / f"{variant}.export.json")


def earlier(path: Path) -> dict[str, Any]:
    """The manifest of an export before this one; {} where there is none that can be read."""
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
        complete = all(isinstance(entry["name"] + entry["sha256"], str) for entry in before["files"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return before if complete else {}


def kept(before: dict[str, Any], manifest: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What an earlier export of the very same network wrote in other formats, where the files are still its own."""
    if any(before.get(name) != manifest[name] for name in ("model", "variant", "weights", "input_size", "versions")):
        return {}
    return {kind: entry for kind, entry in _others(before, manifest).items() if _unchanged(folder, entry)}


def stale(before: dict[str, Any], manifest: dict[str, Any], folder: Path) -> list[Path]:
    """Files of an earlier export of another network, which would be taken for this one's."""
    left = [entry for entry in _others(before, manifest).values() if _unchanged(folder, entry)]
    return [folder / entry["name"] for entry in left]


def _others(before: dict[str, Any], manifest: dict[str, Any]) -> dict[str, Any]:
    return {kind: entry for kind, entry in before.get("files", {}).items() if kind not in manifest["files"]}


def _unchanged(folder: Path, entry: dict[str, Any]) -> bool:
    path = folder / entry["name"]
    return path.is_file() and sha256(path) == entry["sha256"]


def manifest_of(
    model: Model,
    variant: str,
    weights: Weights,
    input_size: int | None,
    made: Exported,
    note: str,
    differences: dict[str, Difference],
    samples: int,
) -> dict[str, Any]:
    """What is written beside the files: where they come from, what is in them, how far they are from the framework."""
    import importlib.metadata

    return {
        "model": model.id,
        "variant": variant,
        "weights": weights.to_json(),
        "input_size": input_size,
        "files": {
            kind: {
                "name": path.name,
                "sha256": sha256(path),
                "bytes": path.stat().st_size,
                "difference": differences[kind].to_json(),
                **_graph_facts(kind, path),
            }
            for kind, path in made.paths.items()
        },
        "compared_on": f"{samples} preprocessed samples",
        "note": note,
        "versions": frameworks.of(model).versions()
        | {
            name: importlib.metadata.version(name)
            for name in ("onnx", "onnxsim", "onnxruntime", "onnxconverter-common", "numpy")
        },
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def _graph_facts(kind: str, path: Path) -> dict[str, Any]:
    """Opset, inputs and outputs as they stand in the file; nothing of a .ckpt, which is weights without a graph."""
    if kind == "ckpt":
        return {}
    opset = {} if kind == "mindir" else {"opset": _opset(path)}
    with TecoInferEngine(path, target="mindspore" if kind == "mindir" else "onnx") as engine:
        return opset | {
            "inputs": [{"name": spec.name, "dtype": spec.dtype, "shape": list(spec.shape)} for spec in engine.inputs],
            "outputs": [{"name": spec.name, "dtype": spec.dtype, "shape": list(spec.shape)} for spec in engine.outputs],
        }


def _opset(path: Path) -> int:
    import onnx

    return next(entry.version for entry in onnx.load(path).opset_import if entry.domain in ("", "ai.onnx"))


def read_manifest(ckpt: Path) -> dict[str, Any]:
    """The manifest that describes the exported file `ckpt`.

    Raises ZooError if there is none, or the file has changed since.
    """
    for path in sorted(ckpt.parent.glob("*.export.json")):
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            entry = next((entry for entry in manifest["files"].values() if entry["name"] == ckpt.name), None)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ZooError(f"{path} is not a manifest of an export ({error}); export again") from error
        if entry is None:
            continue
        if entry["sha256"] != sha256(ckpt):
            raise ZooError(f"{ckpt} has changed since it was exported ({path.name} has another sha256); export again")
        return manifest
    raise ZooError(
        f"there is no manifest (*.export.json) for {ckpt.name} in {ckpt.parent}, so what it was exported from is "
        "not known; export it with export_onnx.py"
    )
