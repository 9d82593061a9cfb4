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

__all__ = ["Availability", "Backend", "Options", "Session", "find", "register", "targets"]

_registry: dict[str, Backend] = {}
_loaded = False


def register(backend: Backend) -> None:
    """Make `backend` known under its target name; a later one of the same name replaces the earlier."""
    _registry[backend.target] = backend


def targets() -> dict[str, Backend]:
    """Every known backend by target name, sorted by name."""
    global _loaded
    if not _loaded:
        _loaded = True
        for module in pkgutil.iter_modules(__path__):
            if module.name != "base" and not module.ispkg:
                importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(_registry.items()))


def find(target: str) -> Backend:
    """The backend of `target`, usable here. Raises UnknownTargetError or TargetUnavailableError."""
    known = targets()
    name = target.partition(":")[0]
    if name not in known:
        raise UnknownTargetError(f"unknown target '{target}'. {_choices(known)}")
    availability = known[name].availability()
    if not availability.usable:
        raise TargetUnavailableError(f"target '{target}' is not usable here: {availability.detail}. {_choices(known)}")
    return known[name]


def _choices(known: dict[str, Backend]) -> str:
    states = {name: backend.availability() for name, backend in known.items()}
    usable = ", ".join(name for name, state in states.items() if state.usable) or "none"
    missing = "; ".join(f"{name} ({state.detail})" for name, state in states.items() if not state.usable)
    return f"Usable here: {usable}." + (f" Not usable: {missing}." if missing else "")
