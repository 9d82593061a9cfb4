"""The model zoo as one package: `from teco_modelzoo import load`.

Its rooms keep their names (`engine`, `utils`, `zoo`, `zoo_core`), since scripts and models import them; they lie in a
folder of this package, which is put behind everything else on the path.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

ROOMS = Path(__file__).resolve().parent / "contrib"
_NAMES = ("zoo_core", "engine", "utils", "zoo")


def _open_rooms() -> None:
    """Put the rooms on the path. Raises ImportError where a program has a module of one of their names itself."""
    if str(ROOMS) not in sys.path:
        sys.path.append(str(ROOMS))
    for name in _NAMES:
        found = importlib.util.find_spec(name)
        places = [Path(place).resolve() for place in (found.submodule_search_locations or ())] if found else []
        if ROOMS / name not in places:
            origin = (found.origin if found else None) or "elsewhere"
            raise ImportError(
                f"this program has a module '{name}' of its own ({origin}), and the zoo needs that name for its own: "
                "rename it, or run the zoo in a process of its own (python -m teco_modelzoo)"
            )


_open_rooms()


def __getattr__(name: str) -> Any:
    """`load`, `Net` and `Result`, of which nothing is imported before they are asked for."""
    from zoo import api

    if name in api.__all__:
        return getattr(api, name)
    raise AttributeError(f"module 'teco_modelzoo' has no attribute '{name}'")
