"""A clean copy of a model's folder, with the repository's shared code beside it."""

from __future__ import annotations

import fnmatch
import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

# What scripts and Python leave behind; .gitignore has the same.
MADE = (
    "__pycache__",
    "*.py[co]",
    "*.onnx",
    "*.onnx.data",
    "*.mindir",
    "*.ckpt",
    "*.export.json",
    "*.engine",
    "*.tecoengine",
    ".export-*",
)


def own_files(folder: Path) -> list[Path]:
    """The files of a model's folder that belong to it, sorted; what its scripts have made is left out."""
    found = []
    for parent, names, files in os.walk(folder):
        names[:] = [name for name in names if not _made(name)]
        found += [Path(parent) / name for name in files if not _made(name)]
    return sorted(found)


def _made(name: str) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in MADE)


def clean_copy(root: Path, run_dir: str, work: Path) -> Path:
    """Copy `run_dir` of the repository `root` into `work`, at the same place; returns the copy's folder.

    Shared code (contrib/engine, utils, zoo) is linked, so that scripts find it where they expect it.
    """
    shutil.rmtree(work, ignore_errors=True)
    folder = work / run_dir
    folder.mkdir(parents=True)
    for file in own_files(root / run_dir):
        if not file.is_symlink():
            target = folder / file.relative_to(root / run_dir)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target)
    contrib = root / "contrib"
    (work / "contrib").mkdir(exist_ok=True)
    for entry in contrib.iterdir() if contrib.is_dir() else ():
        place = work / "contrib" / entry.name
        if entry.name != "example" and not place.exists():
            place.symlink_to(entry.resolve(), target_is_directory=entry.is_dir())
    return folder


def fingerprint(root: Path, run_dir: str, also: str) -> str:
    """A digest of everything that a case's result depends on in this repository: folder, shared code, `also`."""
    digest = hashlib.sha256(also.encode())
    folders = [root / run_dir, *(root / "contrib" / room for room in ("zoo_core", "engine", "utils", "zoo"))]
    for folder in folders:
        for file in own_files(folder):
            if file.is_file():
                digest.update(f"\n{file.relative_to(root)}\n".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def environment(root: Path, threads: int) -> Mapping[str, str]:
    """The environment of a step: ours, without the path to this very repository, and with its share of the cores."""
    own = (root / "contrib").resolve()
    paths = [
        path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path and Path(path).resolve() != own
    ]
    environ = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONUNBUFFERED": "1"}
    environ.pop("PYTHONPATH", None)
    return environ | ({"PYTHONPATH": os.pathsep.join(paths)} if paths else {})
