"""The runtimes, one file each. A further target is one further file in this folder.

Such a file defines a class with the attributes and methods of `Backend` (see `base.py`) and ends with
`register(ThatClass())`. It imports its runtime inside its methods, so that listing the targets costs nothing
and a missing runtime is an answer, not a crash.
"""

from __future__ import annotations

import importlib
import pkgutil

from ..errors import TargetUnavailableError, UnknownTargetError
from .base import Availability, Backend, Options, Session

__all__ = ["Availability", "Backend", "Options", "Session", "find", "known", "register", "targets"]

_registry: dict[str, Backend] = {}
_loaded = False
# Where the targets are that are asked for by their name most: the other files need not be read for them. Every other
# target is found by reading all files.
_FILES = {"onnx": "onnxruntime"}


def register(backend: Backend) -> None:
    """Make `backend` known under its target name; a later one of the same name replaces the earlier."""
    _registry[backend.target] = backend


def known(target: str) -> Backend | None:
    """The backend of `target` (a device may stand behind a colon), usable here or not; None where there is none."""
    name = target.partition(":")[0]
    if not _loaded and name not in _registry and name in _FILES:
        importlib.import_module(f"{__name__}.{_FILES[name]}")
    return _registry.get(name) or targets().get(name)


def targets() -> dict[str, Backend]:
    """Every known backend by target name, sorted by name."""
    global _loaded
    if not _loaded:
        _loaded = True
        registered = dict(_registry)
        for module in pkgutil.iter_modules(__path__):
            if module.name != "base" and not module.ispkg:
                importlib.import_module(f"{__name__}.{module.name}")
        _registry.update(registered)  # what somebody has registered already is later than these files, read late or not
    return dict(sorted(_registry.items()))


def find(target: str) -> Backend:
    """The backend of `target`, usable here. Raises UnknownTargetError or TargetUnavailableError."""
    found = known(target)
    if found is None:
        raise UnknownTargetError(f"unknown target '{target}'. {_choices(targets())}")
    availability = found.availability()
    if not availability.usable:
        detail = availability.detail
        raise TargetUnavailableError(f"target '{target}' is not usable here: {detail}. {_choices(targets())}")
    return found


def _choices(known: dict[str, Backend]) -> str:
    states = {name: backend.availability() for name, backend in known.items()}
    usable = ", ".join(name for name, state in states.items() if state.usable) or "none"
    missing = "; ".join(f"{name} ({state.detail})" for name, state in states.items() if not state.usable)
    return f"Usable here: {usable}." + (f" Not usable: {missing}." if missing else "")
