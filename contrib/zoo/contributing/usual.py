"""What the usual commands say for a model: which weights, which file, which demo."""

from __future__ import annotations

import os
import re
from pathlib import Path

from utils.datasets.folder import files_in
from zoo.manifest import kind_name, manifest_path
from zoo.model import Model, Packaged

_MODEL = re.compile(r"^MODEL\s*(:[^=]*)?=", re.MULTILINE)


def defines_model(folder: Path) -> bool:
    """Whether a folder's model.py defines MODEL; others' folders may have a model.py of another kind."""
    path = folder / "model.py"
    return path.is_file() and bool(_MODEL.search(path.read_text(encoding="utf-8", errors="replace")))


def needs_random(model: Model) -> bool:
    """Whether the default weights are a download, so that commands which work everywhere name random ones. Those of a
    package that the model requires are installed with it. Of a chain, whether those of any network are."""
    if model.members:
        return any(needs_random(one) for one in model.members.values())
    return model.default_weights == "pretrained" and not (
        isinstance(model.pretrained, Packaged) and _requires(model, model.pretrained.package)
    )


def _requires(model: Model, package: str) -> bool:
    """Whether the model's requirements name a package ("name==version")."""
    path = model.folder / "requirements.txt"
    names = re.findall(r"^[\w.-]+", path.read_text(encoding="utf-8"), re.MULTILINE) if path.is_file() else []
    return package.partition("==")[0] in names


def demo_paths(model: Model) -> tuple[str, str]:
    """(the first demo, the folder of all), as they are named in the model's folder."""
    folder = Path(os.path.relpath(model.demo_folder(), model.folder)).as_posix()
    first = files_in(model.demo_folder(), model.task.suffixes)[0]
    return f"{folder}/{first.relative_to(model.demo_folder()).as_posix()}", folder


def checkpoint(model: Model, kind: str = "dynamic") -> str:
    """What --ckpt is for a variant: the file of a kind, or the manifest where there are several parts."""
    if len(model.parts) > 1:
        return manifest_path(Path(), model.variant).name
    return kind_name(model.part.stem(model.variant), kind)
