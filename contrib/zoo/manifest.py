"""The files of an export, and the manifest that says what they were made of."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from zoo_core.errors import told
from zoo_core.files import own_name, read_json
from zoo_core.hashing import sha256

from . import frameworks
from .catalogue import EXAMPLES
from .errors import ZooError
from .model import Model, Part, file_name
from .part import flat

ONNX = frameworks.ONNX
# The files of each format
KINDS = {ONNX: ("static", "dynamic", "float16"), "mindir": ("mindir",), "ckpt": ("ckpt",)}
MANIFEST = ".export.json"
RUNS = "runs"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Exported:
    """The files of one export.

    Args:
        paths: by part and kind, as `Part.key` writes them: "dynamic", "encoder/float16".
        manifest: written last: where it exists, all of them are complete.
        failed: files that were not written because they differ too much from the framework, and by how much.
    """

    paths: Mapping[str, Path]
    manifest: Path
    failed: Mapping[str, str] = field(default_factory=dict)

    @property
    def static(self) -> Path:
        """The file with fixed sizes, of a network of one part."""
        return self.paths["static"]

    @property
    def dynamic(self) -> Path:
        """The file with free sizes, of a network of one part."""
        return self.paths["dynamic"]

    @property
    def float16(self) -> Path:
        """The file in float16, of a network of one part."""
        return self.paths["float16"]

    def files(self) -> list[Path]:
        """All of them, the manifest last."""
        return [*self.paths.values(), self.manifest]

    @staticmethod
    def of(model: Model, folder: Path, kinds: Sequence[str] = KINDS[ONNX]) -> Exported:
        """The files that an export of `model` to `folder` has."""
        paths = {
            part.key(kind): folder / kind_name(part.stem(model.variant), kind)
            for part in model.parts
            for kind in kinds
            if part.static or kind != "static"
        }
        return Exported(paths, manifest_path(folder, model.variant))


def kind_name(stem: str, kind: str) -> str:
    """The name of the file of a kind, of the part whose `Part.stem` this is."""
    return {
        "static": file_name(stem, dynamic=False),
        "dynamic": file_name(stem),
        "float16": file_name(stem, "float16"),
        "int8": file_name(stem, "int8"),
        "mindir": file_name(stem, suffix=".mindir"),
        "ckpt": f"{stem}.ckpt",
    }[kind]


def manifest_path(folder: Path, variant: str) -> Path:
    """Where the manifest of a variant's export to `folder` is."""
    return folder / f"{flat(variant)}{MANIFEST}"


def export_home(model: Model) -> Path:
    """The folder with the export of a variant that a command takes where none is named.

    It is the model's folder if the export is there, else runs/<domain>/<model>/<variant>, in the working folder or in
    the repository. Where there is none, it is the model's folder, in which it is missed.
    """
    below = Path(RUNS) / model.place
    places = (model.folder, below, EXAMPLES.parent.parent / below)
    return next((place for place in places if manifest_path(place, model.variant).is_file()), model.folder)


def read_manifest(ckpt: Path) -> dict[str, Any]:
    """The manifest that describes the exported file `ckpt`, or that `ckpt` itself is.

    Raises:
        ZooError: there is none, it cannot be read, or a file has changed since it was written.
    """
    if ckpt.name.endswith(MANIFEST):
        return _read_whole(ckpt)
    found = _naming(ckpt)
    if found is not None:
        _require_unchanged(*found)
        return read_alone(found[0])
    raise ZooError(
        f"there is no manifest (*{MANIFEST}) for {ckpt.name} in {ckpt.parent}, so what it was exported from is "
        "not known; export it with export_onnx.py"
    )


def _naming(ckpt: Path) -> tuple[Path, Mapping[str, Any]] | None:
    """The manifest beside an exported file that names it. Raises ZooError where a broken one may have been it."""
    broken: ZooError | None = None
    for path in sorted(ckpt.parent.glob(f"*{MANIFEST}")):
        try:
            found = next((one for one in read_alone(path)["files"].values() if one["name"] == ckpt.name), None)
        except ZooError as error:
            broken, found = error, None
        if found is not None:
            return path, found
    if broken is not None:
        raise broken
    return None


def require_vouched(ckpt: Path, manifest: Path | None) -> None:
    """Compare an exported file with what its manifest says of its content. Arguments and errors are `vouching`'s."""
    (vouching(ckpt, manifest) or (lambda: None))()


def vouching(ckpt: Path, manifest: Path | None) -> Callable[[], None] | None:
    """What compares an exported file with its manifest, to be called; None, which is said, where there is no manifest.

    Args:
        ckpt: the file.
        manifest: where the export that it belongs to has its manifest; None: the person has named the file, which may
            be of no export.

    Raises:
        ZooError: the manifest does not name the file; what is returned: it has changed since it was exported.
    """
    found = _naming(ckpt)
    if found is not None:
        return partial(_require_unchanged, *found)
    if manifest is not None and manifest.is_file():
        raise ZooError(
            f"{ckpt} is not of the export that {manifest.name} describes, which names other files; export again, or "
            "name the file with --ckpt"
        )
    if manifest is not None:
        said = "%s: no manifest (*%s) says what it was exported from, as after an export that was interrupted"
        _log.warning(said, ckpt, MANIFEST)
    return None


def require_of(model: Model, manifest: Mapping[str, Any], folder: Path) -> None:
    """Raise ZooError where a manifest is of another model or variant."""
    said = (manifest["model"], manifest["variant"])
    if said != (model.id, model.variant):
        raise ZooError(
            f"the export in {folder} is of {said[0]:.80} {said[1]:.80}, not of {model.id} {model.variant}; "
            "give --variant, or another --ckpt"
        )


def named_file(model: Model, part: Part, manifest: Path, dtype: str, suffix: str) -> Path:
    """The file of a part for a dtype and a format, in the export that a manifest is of.

    Raises:
        ZooError: there is no such manifest, it is of another variant, or its export has no such file.
    """
    if not manifest.is_file():
        raise ZooError(_no_manifest(manifest))
    said = read_alone(manifest)
    require_of(model, said, manifest.parent)
    path = exported_file(model, part, manifest.parent, dtype, suffix)
    if path.name not in {entry["name"] for entry in said["files"].values()}:
        failed = "; ".join(map(str, said.get("failed", {}).values()))
        raise ZooError(f"{manifest} names no {path.name}{f': {failed}' if failed else ''}; export again")
    return path


def _no_manifest(path: Path) -> str:
    return f"there is no manifest {path}; export first (python export_onnx.py), or give another --ckpt"


def _read_whole(path: Path) -> dict[str, Any]:
    """A manifest, all of whose files are there and unchanged."""
    if not path.is_file():
        raise ZooError(_no_manifest(path))
    manifest = read_alone(path)
    for entry in manifest["files"].values():
        _require_unchanged(path, entry)
    return manifest


def _require_unchanged(path: Path, entry: Mapping[str, Any]) -> None:
    file = path.parent / entry["name"]
    if not file.is_file():
        raise ZooError(f"{path.name} names {file.name}, which is not in {path.parent}; export again")
    if sha256(file) != entry["sha256"]:
        raise ZooError(f"{file} has changed since it was exported ({path.name} has another sha256); export again")


def read_alone(path: Path) -> dict[str, Any]:
    """A manifest, wherever its files are. Raises ZooError where it is none."""
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        _require_texts(manifest, "model", "variant")
        for weights in (manifest["weights"], *manifest["weights"].get("members", {}).values()):
            _require_texts(weights, "kind", *({"path", "sha256", "key"} & weights.keys()))
            if weights["kind"] == "file":
                _require_texts(weights, "path")
        if manifest["input_size"] is not None and type(manifest["input_size"]) is not int:
            raise TypeError("input_size")
        for entry in manifest["files"].values():
            _require_texts(entry, "name", "sha256")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        said = type(error).__name__ if isinstance(error, UnicodeError) else told(error)
        raise ZooError(f"{path} is not a manifest of an export ({said}); export again") from error
    if not all(own_name(entry["name"]) for entry in manifest["files"].values()):
        raise ZooError(f"{path} is not a manifest of an export (it names files of another folder); export again")
    return manifest


def _require_texts(said: Mapping[str, Any], *names: str) -> None:
    """Raise TypeError, KeyError where one of these fields is no text."""
    for name in names:
        if not isinstance(said[name], str):
            raise TypeError(name)


def weights_kind(ckpt: Path) -> str:
    """With what kind of weights the file `ckpt`, or the manifest that it is, was exported; "" where nothing says it.

    The file is found by its name, its content is not looked at: this is for a notice, not for a proof.
    """
    for path in [ckpt] if ckpt.name.endswith(MANIFEST) else sorted(ckpt.parent.glob(f"*{MANIFEST}")):
        said = read_json(path)
        try:
            if path == ckpt or any(entry["name"] == ckpt.name for entry in said["files"].values()):
                return str(said["weights"]["kind"])
        except (KeyError, TypeError, AttributeError):
            continue
    return ""


def exported_file(model: Model, part: Part, folder: Path, dtype: str, suffix: str) -> Path:
    """The file of a part that an export of `model` to `folder` has for a dtype and a format.

    Args:
        suffix: of the files that the target opens: ".onnx", ".mindir".

    Raises:
        ZooError: the file has to be asked for at the export, and was not; or it failed its comparison there.
    """
    path = folder / file_name(part.stem(model.variant), dtype, suffix=suffix)
    reason = "" if path.is_file() else failures(model, folder).get(part.key(dtype))
    if reason:
        raise ZooError(f"no model file {path}: the export did not write it, because {reason}")
    if path.is_file() or (path.suffix == ".onnx" and dtype != "int8"):
        return path
    if path.suffix[1:] not in frameworks.formats(model.framework):
        raise ZooError(f"the target opens {path.suffix} files, and {model.id} comes from {model.origin}")
    if path.suffix != ".onnx" and dtype != "float32":
        raise ZooError(f"{path.suffix} files are exported in float32, so that there is none in {dtype}")
    flag = "--dtype int8" if dtype == "int8" else f"--format {path.suffix[1:]}"
    raise ZooError(f"no model file {path}; export it first (python export_onnx.py {flag}), or give another --ckpt")


def exported_dtypes(model: Model, folder: Path, suffix: str) -> list[str]:
    """The dtypes that an export of `model` in `folder` has files of this format for, of every part."""
    path = manifest_path(folder, model.variant)
    if not path.is_file():
        raise ZooError(f"there is no manifest {path}; export first (python export_onnx.py, or zoo export {model.id})")
    names = {entry["name"] for entry in read_alone(path)["files"].values()}
    stems = [part.stem(model.variant) for part in model.parts]
    dtypes = ("float32", "float16", "bfloat16", "int8")
    return [one for one in dtypes if all(file_name(stem, one, suffix=suffix) in names for stem in stems)]


def failures(model: Model, folder: Path) -> dict[str, str]:
    """What the export of `model` in `folder` did not write, by part and kind, and why; {} where there is none."""
    path = manifest_path(folder, model.variant)
    said = read_alone(path).get("failed", {}) if path.is_file() else {}
    return {str(kind): str(reason) for kind, reason in said.items()} if isinstance(said, dict) else {}
