"""Loads the Python file of a model."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from .errors import ZooError
from .family import Family


def load_file(path: Path) -> Family:
    """The MODEL of one model.py. Raises ZooError naming the file, whatever is wrong with it."""
    try:
        family = getattr(_module(path), "MODEL", None)
    except (Exception, SystemExit) as error:
        # the file is a contributor's own code, which may raise anything while it is imported
        raise ZooError(f"{path} cannot be loaded: {type(error).__name__}: {error}") from error
    if not isinstance(family, Family):
        raise ZooError(f"{path} does not define MODEL = Family(...)")
    return family


def beside(file: str, name: str) -> ModuleType:
    """The module `name`.py in the folder of `file`: for a model whose network is code of its own.

    A plain import would find whichever model's module of that name came first.
    """
    return _module(Path(file).resolve().with_name(f"{name}.py"))


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{path.stem}_of_{path.parent.name}", path)
    if spec is None or spec.loader is None:
        raise ZooError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # MindSpore looks up where the source of a network is
    spec.loader.exec_module(module)
    return module
