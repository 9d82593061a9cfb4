"""Reading pickles of numpy arrays without running anything that is in them.

A pickle can call any function when it is loaded, and numpy's own functions turn bytes into pointers when they are given
a dtype that says so. Here nothing of numpy is called: what a file says of an array is kept as it is, checked, and made
an array of at the end. Memory is taken for what the file holds only, whatever sizes it claims.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from utils.pickle_instructions import require_modest
from utils.pickle_stand_ins import Array, Described, Room, known
from zoo_core.errors import UnreadableError


class _Unpickler(pickle.Unpickler):
    """Refuses whatever is not known."""

    def __init__(self, content: bytes, extra: Mapping[tuple[str, str], type[Described]]) -> None:
        super().__init__(io.BytesIO(content), encoding="latin1")
        self._known = {**known(Room(len(content))), **extra}

    def find_class(self, module: str, name: str) -> Any:
        found = self._known.get((module, name))
        if found is None:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, and only arrays of numbers are read")
        return found


def read_arrays(path: str | Path, extra: Mapping[tuple[str, str], type[Described]] | None = None) -> Any:
    """What a pickle file holds: dicts, lists, tuples, texts, numbers, and numpy arrays of plain numbers.

    Nothing of the file is run, whatever it asks for. Files of Python 2 are read too.

    Args:
        path: the file.
        extra: further classes that the file may name, by module and name, and what describes each.

    Returns:
        The content; arrays may be read-only.

    Raises:
        UnreadableError: the file cannot be read, is damaged, names another class or function, holds arrays of other
            than plain numbers, or claims more than is in it.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be read: {error.strerror}.") from error
    try:
        require_modest(content)
        return _made(_Unpickler(content, extra or {}).load(), {})
    except Exception as error:  # whatever a damaged pickle makes the unpickler stumble over
        raise UnreadableError(f"{path}: this is no pickle of arrays, or it is damaged: {error}.") from error


def _made(value: Any, found: dict[int, Any]) -> Any:
    """The same with arrays in the places of what describes them; what stands there twice is made once."""
    if not isinstance(value, (Array, Described, dict, list, tuple)):
        return _plain(value)
    if id(value) not in found:
        found[id(value)] = None  # what holds itself
        if isinstance(value, Array):
            found[id(value)] = value.made()
        elif isinstance(value, Described):
            found[id(value)] = value.made(_made(value.state, found))
        elif isinstance(value, dict):
            found[id(value)] = {_key(key): _made(one, found) for key, one in dict.items(value)}
        else:
            found[id(value)] = type(value)(_made(one, found) for one in value)
    return found[id(value)]


def _key(value: Any) -> Any:
    if isinstance(value, (str, int, float, bytes, np.generic, tuple)):
        return value
    raise ValueError(f"a {type(value).__name__} as a key")


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, bytes, bytearray, int, float, complex, np.generic, np.ndarray)):
        return value
    raise ValueError(f"a {type(value).__name__}, which is no part of an array")
