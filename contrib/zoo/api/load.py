"""Finds a model, exports it where that has not been done, and opens it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from zoo import catalogue
from zoo.errors import ZooError
from zoo.manifest import export_home, exported_dtypes, failures, manifest_path, read_manifest
from zoo.model import Model
from zoo.running.setting import Setting
from zoo_core.home import home

from .net import Net


def load(
    name: str,
    *,
    variant: str | None = None,
    target: str = "onnx",
    dtype: str = "float32",
    weights: str | None = None,
    folder: str | Path | None = None,
    **options: Any,
) -> Net:
    """A network that is ready to be called.

    Args:
        name: domain/model ("ocr/ppocr"), a variant behind it, or either alone where it is clear ("resnet50").
        variant: which network of the family; by default its own default, or the one that `name` says.
        target: what runs it (`zoo env`), "auto" for the fastest that is accurate.
        dtype: "float32", "float16", "bfloat16" or "int8".
        weights: "pretrained", "sample", "random", "built" or a file; by default the model's own default.
        folder: where the exported files are or go; by default where an export of it is found, else the zoo's cache.
        options: further fields of `Setting`: batch_size, input_size, threads, devices, topk, timeout, …

    Returns:
        A `Net`. Where there was no export of these weights, one was made, which stderr says.

    Raises:
        ZooError: there is no such model, or the export fails.
        EngineError: the target cannot be used.
    """
    from zoo.accuracy.choice import choose_target

    family, found = catalogue.find(name)
    model = family.variant(variant or found)
    place = _place(model, Path(folder) if folder else None)
    try:
        setting = Setting(model, folder=place, target=target, dtype=dtype, **options)
    except TypeError as error:
        raise ZooError(f"load() has no option like that: {error}") from error
    if not _is_there(setting, weights):
        _export(setting, weights)
    return Net(choose_target(setting))


def _place(model: Model, asked: Path | None) -> Path:
    """The folder of the export: the one that is named or found, else one in the zoo's cache."""
    if asked is not None:
        return asked
    known = export_home(model)
    return known if manifest_path(known, model.variant).is_file() else home() / "exports" / model.place


def _is_there(setting: Setting, weights: str | None) -> bool:
    """Whether the folder has an export of these weights in this dtype. Raises ZooError where that dtype had failed."""
    model, folder = setting.model, setting.home
    manifest = manifest_path(folder, model.variant)
    if not manifest.is_file():
        return False
    said = read_manifest(manifest)["weights"]
    if weights is not None and weights not in (said["kind"], said.get("path")):
        return False
    for key, reason in failures(model, folder).items():
        if key.rpartition("/")[2] == setting.dtype:
            raise ZooError(f"{model.id} does not pass in {setting.dtype}: {reason}")
    return setting.dtype == "bfloat16" or setting.dtype in exported_dtypes(model, folder, setting.suffix)


def _export(setting: Setting, weights: str | None) -> None:
    from zoo.exporting.export import ExportOptions, export

    model = setting.model
    print(f"exporting {model.id} ({model.variant}) to {setting.home}", file=sys.stderr, flush=True)
    chosen = ExportOptions(weights=weights, input_size=setting.input_size, int8=setting.dtype == "int8")
    done = export(model, setting.home, chosen)
    for key, reason in done.failed.items():
        if key.rpartition("/")[2] == setting.dtype:
            raise ZooError(f"{model.id} does not pass in {setting.dtype}: {reason}")
