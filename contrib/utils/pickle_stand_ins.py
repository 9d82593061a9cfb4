"""What stands for numpy's functions and for containers while a pickle is read: each keeps what the file says.

Nothing of numpy is called but `frombuffer`, on bytes whose number fits; what is copied is counted.
"""

from __future__ import annotations

import pickle
import re
from math import prod
from reprlib import repr as short
from typing import Any

import numpy as np

_PLAIN = re.compile(r"[<>|=]?([biufc][0-9]{0,2}|[?bBhHiIlLqQefdgFD])")
_DIMENSIONS = 32
_BUILTINS = ("builtins", "__builtin__")
# What may be copied while a file is read: of each byte a few times its own size, as its texts become bytes and arrays
_TIMES, _LEAST = 4, 1 << 20


class Room:
    """How many bytes may still be copied: a few instructions can ask for the same content again and again."""

    def __init__(self, file_bytes: int) -> None:
        self._left = _TIMES * file_bytes + _LEAST

    def take(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise pickle.UnpicklingError("it asks for the same content so often that it takes far more than the file")


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

    __slots__ = ("_room", "dtype")

    def __init__(self, text: Any, room: Room) -> None:
        if not isinstance(text, str) or not _PLAIN.fullmatch(text):
            raise pickle.UnpicklingError(f"an array of {short(text)}, and only plain numbers are read")
        self.dtype = np.dtype(text)
        self._room = room

    def __setstate__(self, state: Any) -> None:
        """(version, byte order, subarray, names, fields, …): everything but the order must be that of a number."""
        if not isinstance(state, tuple) or len(state) < 5 or any(part is not None for part in state[2:5]):
            raise pickle.UnpicklingError("an array whose elements have fields, and only plain numbers are read")
        if state[1] not in ("<", ">", "|", "="):
            raise pickle.UnpicklingError(f"the byte order {short(state[1])}")
        self.dtype = self.dtype.newbyteorder(state[1])

    def array(self, raw: Any, shape: Any, order: str) -> np.ndarray:
        """The bytes as an array, whose size must be that of the bytes."""
        if isinstance(raw, str):
            self._room.take(len(raw))
        content = raw.encode("latin1") if isinstance(raw, str) else raw
        if not isinstance(content, (bytes, bytearray)):
            raise ValueError(f"the content of an array is a {type(raw).__name__}")
        if not isinstance(shape, tuple) or len(shape) > _DIMENSIONS:
            raise ValueError(f"an array of the shape {short(shape)}")
        if not all(type(size) is int and size >= 0 for size in shape):
            raise ValueError(f"an array of the shape {short(shape)}")
        if prod(shape) * self.dtype.itemsize != len(content):
            raise ValueError(f"an array of {short(list(shape))} {self.dtype} in {len(content)} bytes")
        found = np.frombuffer(content, self.dtype).reshape(shape, order="F" if order == "F" else "C")
        if self.dtype.isnative:
            return found
        self._room.take(found.nbytes)
        return found.astype(self.dtype.newbyteorder("="))


class Array:
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


class _Counted(_Named):
    """One that copies what it is given, as far as there is room."""

    __slots__ = ("room",)

    def __init__(self, room: Room) -> None:
        self.room = room


class _MakeDtype(_Counted):
    __slots__ = ()

    def __call__(self, text: Any, *_: Any) -> _Dtype:
        return _Dtype(text, self.room)


class _Reconstruct(_Named):
    __slots__ = ()

    def __call__(self, *_: Any) -> Array:
        return Array()


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


class _Latin1(_Counted):
    """Bytes, as Python 3 writes them in the pickles of Python 2."""

    __slots__ = ()

    def __call__(self, text: Any, encoding: Any = "latin1") -> bytes:
        if not isinstance(text, str) or encoding != "latin1":
            raise pickle.UnpicklingError(f"the encoding {short(encoding)} has no place in an array")
        self.room.take(len(text))
        return text.encode("latin1")


class _Nothing(_Named):
    """bytes(), which is how such a pickle writes no bytes; any argument is refused."""

    __slots__ = ()

    def __call__(self) -> bytes:
        return b""


class _MakeSequence(_Counted):
    """list and tuple, of what stands in another one, or of nothing."""

    __slots__ = ("kind",)

    def __init__(self, room: Room, kind: type[list[Any]] | type[tuple[Any, ...]]) -> None:
        super().__init__(room)
        self.kind = kind

    def __call__(self, *given: Any) -> Any:
        if len(given) > 1 or not all(isinstance(one, (list, tuple)) for one in given):
            raise pickle.UnpicklingError(f"a {self.kind.__name__} of what is none")
        self.room.take(_POINTER * sum(map(len, given)))
        return self.kind(*given)


class _Rebuilt(_Named):
    """copyreg._reconstructor, for what is described."""

    __slots__ = ()

    def __call__(self, kind: Any, base: Any, state: Any) -> Any:
        if not (isinstance(kind, type) and issubclass(kind, Described)) or state is not None:
            raise pickle.UnpicklingError("it rebuilds what is no array")
        return kind()


class _Table(dict[Any, Any]):
    """A dict, of whatever class the file says; attributes of its own are passed over."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        pass


class _MakeTable(_Counted):
    """OrderedDict and defaultdict, which are filled afterwards, or (by Python 2) given a list of pairs."""

    __slots__ = ()

    def __call__(self, *given: Any) -> _Table:
        pairs = given[-1] if given and isinstance(given[-1], (list, dict)) else []
        self.room.take(_PAIR * len(pairs))
        return _Table(pairs)


_PAIR, _POINTER = 100, 8  # bytes that a name and a value take in a dict, and an item in a list
_NAMED: dict[tuple[str, str], _Named] = {
    ("numpy", "ndarray"): _Named(),
    **{(module, "object"): _Named() for module in _BUILTINS},
    **{(module, "bytes"): _Nothing() for module in _BUILTINS},
    **{(module, "_reconstructor"): _Rebuilt() for module in ("copyreg", "copy_reg")},
}


def known(room: Room) -> dict[tuple[str, str], Any]:
    """What a file may name, by module and name, and what it is given for it."""
    found = {
        **_NAMED,
        ("collections", "OrderedDict"): _MakeTable(room),
        ("collections", "defaultdict"): _MakeTable(room),
        ("numpy", "dtype"): _MakeDtype(room),
        ("_codecs", "encode"): _Latin1(room),
    }
    for module in _BUILTINS:
        found[module, "dict"] = _MakeTable(room)
        found[module, "list"] = _MakeSequence(room, list)
        found[module, "tuple"] = _MakeSequence(room, tuple)
    for module in ("numpy.core", "numpy._core"):
        found[f"{module}.multiarray", "_reconstruct"] = _Reconstruct()
        found[f"{module}.multiarray", "scalar"] = _Scalar()
        found[f"{module}.numeric", "_frombuffer"] = _FromBuffer()
    return found
