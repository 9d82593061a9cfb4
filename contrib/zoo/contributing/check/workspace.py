"""A clean copy of a model's folder, with the repository's shared code beside it."""

from __future__ import annotations

import fnmatch
import hashlib
import importlib.metadata
import os
import re
import shutil
import site
import sys
from collections.abc import Mapping
from pathlib import Path

from zoo.contributing.check.imports import ROOMS, made_of
from zoo_core.hashing import sha256

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
    ".tmp-*",
)
# Files of the repository that every model depends on
FOR_ALL = ("requirements*.txt", "constraints*.txt", "pyproject.toml")
# A line of a requirements file that names another file
_REFERENCE = re.compile(r"^\s*(?:-r|-c|--requirement|--constraint)[ =]*([^\s#]+)", re.MULTILINE)


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


def requirements(root: Path, run_dir: str) -> list[Path]:
    """The requirement and constraint files of a model's folder, and those that they name, within the repository."""
    todo, found = [root / run_dir / "requirements.txt"], []
    while todo:
        path = todo.pop()
        if path in found or not path.is_file() or not path.resolve().is_relative_to(root.resolve()):
            continue
        found.append(path)
        named = _REFERENCE.findall(path.read_text(encoding="utf-8", errors="replace"))
        todo += [Path(os.path.normpath(path.parent / name)) for name in named]
    return found


def others_of(root: Path, run_dir: str) -> list[Path]:
    """The folders of other models that a model is made of, sorted."""
    own, examples = root / run_dir, root / "contrib/example"
    found = {folder for pattern in made_of(own) for folder in examples.glob(pattern) if (folder / "model.py").is_file()}
    return sorted(found - {own})


def shared_print(root: Path) -> str:
    """A digest of what every case's result depends on: shared code and data, requirements, and what is installed."""
    digest = hashlib.sha256()
    contrib = root / "contrib"
    for file in own_files(contrib) if contrib.is_dir() else ():
        parts = file.relative_to(contrib).parts
        if not (parts[0] == "example" and len(parts) > 3):  # example/<domain>/<model>/… is a case's own
            _add(digest, root, file)
    for file in sorted(path for pattern in FOR_ALL for path in root.glob(pattern)):
        _add(digest, root, file)
    digest.update("\n".join([sys.version, *_installed()]).encode())
    return digest.hexdigest()


def _installed() -> list[str]:
    """Name and version of every package of the environment, in which the steps run.

    sys.path is not asked: a library that was imported may have added to it what it brings along.
    """
    folders = [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    found = importlib.metadata.distributions(path=folders)
    return sorted({f"{one.metadata['Name']} {one.version}" for one in found})


def fingerprint(root: Path, run_dir: str, also: str, shared: str | None = None) -> str:
    """A digest of everything that a case's result depends on: its folder, its requirements, what is shared, `also`.

    Args:
        root: the repository.
        run_dir: the case's folder.
        also: what else counts: the case as model.yaml has it.
        shared: `shared_print(root)`, where it is known already.
    """
    digest = hashlib.sha256(f"{also}\n{shared or shared_print(root)}".encode())
    others = [file for folder in others_of(root, run_dir) for file in own_files(folder)]
    for file in [*own_files(root / run_dir), *sorted(requirements(root, run_dir)), *others]:
        _add(digest, root, file)
    return digest.hexdigest()


def _add(digest: hashlib._Hash, root: Path, file: Path) -> None:
    if file.is_file():
        digest.update(f"\n{file.relative_to(root)}\n{sha256(file)}".encode())


def environment(work: Path, threads: int) -> Mapping[str, str]:
    """The environment of a step: ours, with its share of the cores, and with the tree that is checked before all else.

    Another zoo may be installed, or stand in PYTHONPATH: no module of it is ever found.

    Args:
        work: the clean copy in which the step runs.
        threads: its share of the cores.
    """
    others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path and not _holds_rooms(path)]
    paths = [str(work / "contrib"), *others]
    environ = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONUNBUFFERED": "1"}
    return environ | {"PYTHONPATH": os.pathsep.join(paths)}


def _holds_rooms(path: str) -> bool:
    return any((Path(path) / room).is_dir() for room in ROOMS)
