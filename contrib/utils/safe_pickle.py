"""Reading pickles of numpy arrays without running anything that is in them.

A pickle can call any function when it is loaded, and numpy's own functions turn bytes into pointers when they are given
a dtype that says so. Here nothing of numpy is called: what a file says of an array is kept as it is, checked, and made
an array of at the end. Memory is taken for what the file holds only, whatever sizes it claims.
"""

from __future__ import annotations

import io
import pickle
import re
from collections import OrderedDict, defaultdict
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from utils.pickle_instructions import require_modest
from zoo_core.errors import UnreadableError

_PLAIN = re.compile(r"[<>|=]?([biufc][0-9]{0,2}|[?bBhHiIlLqQefdgFD])")
_DIMENSIONS = 32


class _Unchangeable(type):
    """A class on which a pickle can set nothing."""

    def __setattr__(cls, name: str, value: object) -> None:
        raise pickle.UnpicklingError(f"{cls.__name__}.{name} cannot be set")


class Described(metaclass=_Unchangeable):
    """What a pickle says of an object that is not made: its attributes, as data. Base of the classes in `extra`."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state: Any = None

    def __new__(cls, *_: object) -> Any:
        made = super().__new__(cls)
        made.state = None
        return made

    def __setstate__(self, state: object) -> None:
        self.state = state

    def made(self, state: Any) -> Any:
        """The object, from its state in which everything else has been made; raises ValueError where it is wrong."""
        raise NotImplementedError


class _Dtype:
    """numpy.dtype, of plain numbers only."""

    __slots__ = ("dtype",)

    def __init__(self, text: Any) -> None:
        if not isinstance(text, str) or not _PLAIN.fullmatch(text):
            raise pickle.UnpicklingError(f"an array of {text!r:.40}, and only plain numbers are read")
        self.dtype = np.dtype(text)

    def __setstate__(self, state: Any) -> None:
        """(version, byte order, subarray, names, fields, …): everything but the order must be that of a number."""
        if not isinstance(state, tuple) or len(state) < 5 or any(part is not None for part in state[2:5]):
            raise pickle.UnpicklingError("an array whose elements have fields, and only plain numbers are read")
        if state[1] not in ("<", ">", "|", "="):
            raise pickle.UnpicklingError(f"the byte order {state[1]!r:.20}")
        self.dtype = self.dtype.newbyteorder(state[1])

    def array(self, raw: Any, shape: Any, order: str) -> np.ndarray:
        """The bytes as an array, whose size must be that of the bytes."""
        content = raw.encode("latin1") if isinstance(raw, str) else raw
        if not isinstance(content, (bytes, bytearray)):
            raise ValueError(f"the content of an array is a {type(raw).__name__}")
        if not isinstance(shape, tuple) or len(shape) > _DIMENSIONS:
            raise ValueError(f"an array of the shape {shape!r:.40}")
        if not all(type(size) is int and size >= 0 for size in shape):
            raise ValueError(f"an array of the shape {shape!r:.40}")
        if prod(shape) * self.dtype.itemsize != len(content):
            raise ValueError(f"an array of {list(shape)!s:.40} {self.dtype} in {len(content)} bytes")
        found = np.frombuffer(content, self.dtype).reshape(shape, order="F" if order == "F" else "C")
        return found if self.dtype.isnative else found.astype(self.dtype.newbyteorder("="))


class _Array:
    """numpy.ndarray, as it was described."""

    __slots__ = ("state",)

    def __init__(self) -> None:
        self.state: Any = None

    def __setstate__(self, state: object) -> None:
        self.state = state

    def made(self) -> np.ndarray:
        if not isinstance(self.state, tuple) or len(self.state) != 5 or not isinstance(self.state[2], _Dtype):
            raise ValueError("an array without its content")
        _, shape, dtype, fortran, raw = self.state
        return dtype.array(raw, shape, "F" if fortran else "C")


# What stands for numpy's and Python's functions. Instances without attributes: nothing can be set on them.


class _Named:
    __slots__ = ()

    def __call__(self, *_: Any) -> Any:
        raise pickle.UnpicklingError("it calls what is no function of an array")


class _MakeDtype(_Named):
    __slots__ = ()

    def __call__(self, text: Any, *_: Any) -> _Dtype:
        return _Dtype(text)


class _Reconstruct(_Named):
    __slots__ = ()

    def __call__(self, *_: Any) -> _Array:
        return _Array()


class _Scalar(_Named):
    __slots__ = ()

    def __call__(self, dtype: Any, raw: Any) -> Any:
        if not isinstance(dtype, _Dtype):
            raise pickle.UnpicklingError("a number without its kind")
        return dtype.array(raw, (), "C")[()]


class _FromBuffer(_Named):
    __slots__ = ()

    def __call__(self, raw: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
        if not isinstance(dtype, _Dtype):
            raise pickle.UnpicklingError("an array without its kind")
        return dtype.array(raw, shape, "F" if order == "F" else "C")


class _Latin1(_Named):
    """Bytes, as Python 3 writes them in the pickles of Python 2."""

    __slots__ = ()

    def __call__(self, text: Any, encoding: Any = "latin1") -> bytes:
        if not isinstance(text, str) or encoding != "latin1":
            raise pickle.UnpicklingError(f"the encoding {encoding!r:.40} has no place in an array")
        return text.encode("latin1")


class _Nothing(_Named):
    """bytes(), which is how such a pickle writes no bytes; any argument is refused."""

    __slots__ = ()

    def __call__(self) -> bytes:
        return b""


class _Rebuilt(_Named):
    """copyreg._reconstructor, for what is described."""

    __slots__ = ()

    def __call__(self, kind: Any, base: Any, state: Any) -> Any:
        if not (isinstance(kind, type) and issubclass(kind, Described)) or state is not None:
            raise pickle.UnpicklingError("it rebuilds what is no array")
        return kind()


_KNOWN: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("collections", "defaultdict"): defaultdict,
    ("numpy", "ndarray"): _Named(),
    ("numpy", "dtype"): _MakeDtype(),
    ("_codecs", "encode"): _Latin1(),
}
for _module in ("builtins", "__builtin__"):
    _KNOWN |= {(_module, "list"): list, (_module, "tuple"): tuple, (_module, "dict"): dict}
    _KNOWN |= {(_module, "object"): _Named(), (_module, "bytes"): _Nothing()}
for _module in ("copyreg", "copy_reg"):
    _KNOWN[_module, "_reconstructor"] = _Rebuilt()
for _module in ("numpy.core", "numpy._core"):
    _KNOWN[f"{_module}.multiarray", "_reconstruct"] = _Reconstruct()
    _KNOWN[f"{_module}.multiarray", "scalar"] = _Scalar()
    _KNOWN[f"{_module}.numeric", "_frombuffer"] = _FromBuffer()


class _Unpickler(pickle.Unpickler):
    """Refuses whatever is not known."""

    def __init__(self, content: bytes, extra: Mapping[tuple[str, str], type[Described]]) -> None:
        super().__init__(io.BytesIO(content), encoding="latin1")
        self._extra = extra

    def find_class(self, module: str, name: str) -> Any:
        found = self._extra.get((module, name)) or _KNOWN.get((module, name))
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


def _made(value: Any, known: dict[int, Any]) -> Any:
    """The same with arrays in the places of what describes them; what stands there twice is made once."""
    if not isinstance(value, (_Array, Described, dict, list, tuple)):
        return _plain(value)
    if id(value) not in known:
        known[id(value)] = None  # what holds itself
        if isinstance(value, _Array):
            known[id(value)] = value.made()
        elif isinstance(value, Described):
            known[id(value)] = value.made(_made(value.state, known))
        elif isinstance(value, dict):
            known[id(value)] = {_key(key): _made(one, known) for key, one in dict.items(value)}
        else:
            known[id(value)] = type(value)(_made(one, known) for one in value)
    return known[id(value)]


def _key(value: Any) -> Any:
    if isinstance(value, (str, int, float, bytes, np.generic, tuple)):
        return value
    raise ValueError(f"a {type(value).__name__} as a key")


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, bytes, bytearray, int, float, complex, np.generic, np.ndarray)):
        return value
    raise ValueError(f"a {type(value).__name__}, which is no part of an array")
