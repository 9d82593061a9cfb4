"""Finds a model, exports it where that has not been done, or fetches an export, and opens it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo import catalogue
from zoo.errors import ZooError
from zoo.manifest import export_home, exported_dtypes, failures, manifest_path, read_manifest
from zoo.model import Model
from zoo.running.engines import exported_weights
from zoo.running.setting import DTYPES, Setting
from zoo.weights import asked_for, find_weights
from zoo_core.home import home

from .fetched import fetched
from .net import Net

if TYPE_CHECKING:
    from zoo.exporting.export import ExportOptions

_COUNTS = {
    "batch_size", "input_size", "topk", "threads", "workers", "streams", "replicas", "token_budget",
}  # fmt: skip

_WRITTEN = {"max_new_tokens", "beams", "top_k"}  # of `writing`


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
        options: further fields of `Setting`: batch_size, input_size, threads, devices, topk, timeout, …; ckpt, an
            exported file or its manifest, may be an address with a digest behind it (`fetched`).

    Returns:
        A `Net`. Where there was no export of these weights, one was made, or fetched where `ckpt` is an address; stderr
        says which.

    Raises:
        ZooError: there is no such model, or the export fails or cannot be fetched.
        EngineError: the target cannot be used.
    """
    from zoo.accuracy.choice import choose_target

    if "," in target:
        raise ZooError(f"load() opens one target, got '{target}'; call it for each, or use zoo compare")
    family, found = catalogue.find(name)
    model = family.variant(variant or found)
    _require_sound(dtype, options)
    if weights is not None and options.get("ckpt") is not None:
        raise ZooError("ckpt and weights both say which network it is; give one of them")
    if "://" in str(options.get("ckpt", "")):
        options["ckpt"] = fetched(model, str(options["ckpt"]))
    options |= {key: Path(options[key]) for key in ("ckpt", "pass_path") if isinstance(options.get(key), str)}
    place = Path(folder) if folder else _place(model, weights)
    try:
        setting = Setting(model, folder=place, target=target, dtype=dtype, **options)
    except TypeError as error:
        raise ZooError(f"load() has no option like that: {error}") from error
    setting.task()  # which says what it cannot do, before anything is exported
    if setting.ckpt is None and not _is_there(setting, weights):
        _export(setting, weights)
    return Net(choose_target(setting))


def _require_sound(dtype: str, options: Mapping[str, Any]) -> None:
    """What the scripts' flags hold too. Raises ZooError."""
    if dtype not in DTYPES:
        raise ZooError(f"dtype is one of {', '.join(DTYPES)}, got {dtype!r}")
    for name in sorted(_COUNTS & options.keys()):
        value = options[name]
        whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
        if value is not None and not whole:
            raise ZooError(f"{name} is a whole number of at least 1, got {value!r}")
    writing = options.get("writing", {})
    if not isinstance(writing, Mapping):
        raise ZooError(f'writing is a dict such as {{"max_new_tokens": 20}}, got {writing!r:.80}')
    for name in _WRITTEN & writing.keys():
        if type(writing[name]) is not int or writing[name] < 1:
            raise ZooError(f"{name} is a whole number of at least 1, got {writing[name]!r:.80}")
    if options.get("decoder", "reference") not in ("reference", "fast"):
        raise ZooError(f"decoder is reference or fast, got {options['decoder']!r}")


def _place(model: Model, weights: str | None) -> Path:
    """The export that is found, where it has these weights; else a folder in the zoo's cache."""
    known = manifest_path(export_home(model), model.variant)
    found = known.is_file() and _has(model, read_manifest(known), weights)
    return known.parent if found else home() / "exports" / model.place


def _has(model: Model, manifest: Mapping[str, Any], weights: str | None) -> bool:
    """Whether an export is of these weights, by what a file of them holds; None stands for any."""
    said = manifest["weights"]
    if weights is not None and model.members:
        wanted = find_weights(model, weights).to_json()["members"]
        return _contents(wanted) == _contents(said.get("members", {}))
    if weights in (None, "pretrained", "random", "built"):
        return weights in (None, said["kind"])
    asked = find_weights(model, weights)
    return (asked.kind, asked.sha256) == (said["kind"], said.get("sha256"))


def _contents(members: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Of the networks of a chain: kind and digest of their weights."""
    return {name: (one["kind"], one.get("sha256", "")) for name, one in members.items()}


def _is_there(setting: Setting, weights: str | None) -> bool:
    """Whether the folder has an export of these weights in this dtype. Raises ZooError where that dtype had failed."""
    model, folder = setting.model, setting.home
    manifest = manifest_path(folder, model.variant)
    if not manifest.is_file() or not _has(model, read_manifest(manifest), weights):
        return False
    for key, reason in failures(model, folder).items():
        if key.rpartition("/")[2] == setting.dtype:
            raise ZooError(f"{model.id} does not pass in {setting.dtype}: {reason}")
    return setting.dtype == "bfloat16" or setting.dtype in exported_dtypes(model, folder, setting.suffix)


def _export(setting: Setting, weights: str | None) -> None:
    from zoo.exporting.export import ExportOptions, export

    model = setting.model
    chosen = ExportOptions(
        weights=weights, input_size=setting.input_size, int8=setting.dtype == "int8", timeout=setting.timeout
    )
    manifest = manifest_path(setting.home, model.variant)
    if manifest.is_file() and _has(model, known := read_manifest(manifest), weights):
        chosen = _further(model, known, chosen)
    print(f"exporting {model.id} ({model.variant}) to {setting.home}", file=sys.stderr, flush=True)
    done = export(model, setting.home, chosen)
    for key, reason in done.failed.items():
        if key.rpartition("/")[2] == setting.dtype:
            raise ZooError(f"{model.id} does not pass in {setting.dtype}: {reason}")


def _further(model: Model, known: Mapping[str, Any], chosen: ExportOptions) -> ExportOptions:
    """For another dtype of an export: its weights and its size, whatever the model's defaults are. Raises ZooError
    where the weights have changed since."""
    weights = exported_weights(model, known)
    several = weights.members.values()
    return replace(
        chosen,
        weights=asked_for(known["weights"]),
        weights_key=next((one.key for one in several if one.key), weights.key),
        trust=weights.trusted or any(one.trusted for one in several),
        input_size=chosen.input_size or known["input_size"],
    )
