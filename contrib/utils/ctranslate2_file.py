"""The tensors of a CTranslate2 model.bin, read without that library.

Layout, all numbers little-endian; a text is its length in two bytes, then so many bytes, the last one zero:

- four bytes, the version of the format (6 here); a text, the kind of network; four bytes, its revision;
- four bytes, how many tensors follow. Each is a text, its name; a byte, its rank; four bytes a dimension; a byte, the
  number of its type (`_TYPES`); four bytes, how many bytes its values have; the values, row by row;
- four bytes, how many other names follow. Each is two texts: a name, and the tensor that it stands for.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np

from zoo_core.errors import DataError

VERSION = 6
# by their number in the file; 5, bfloat16, numpy does not have
_TYPES = ("<f4", "<i1", "<i2", "<i4", "<f2")
_MOST_RANK = 8


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """Every tensor by its name, other names included: read-only views of one copy of the file.

    Raises:
        DataError: the file cannot be read, is none of CTranslate2's in this version, is cut off, or holds a tensor of
            another type.
    """
    try:
        reader = _Reader(path, path.read_bytes())
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}.") from error
    version = reader.number(4)
    if version != VERSION:
        raise DataError(f"{path}: this is no model.bin of CTranslate2 in version {VERSION} (it begins with {version}).")
    reader.text()
    reader.number(4)
    found: dict[str, np.ndarray] = {}
    for _ in range(reader.number(4)):
        name = reader.text()
        found[name] = reader.tensor(name)
    for _ in range(reader.number(4)):
        name, other = reader.text(), reader.text()
        if other not in found:
            raise DataError(f"{path}: {name} stands for {other}, which is no tensor of this file.")
        found[name] = found[other]
    reader.require_end()
    return found


class _Reader:
    """Goes through the bytes of a file. Whatever reaches beyond its end is a DataError."""

    def __init__(self, path: Path, content: bytes):
        self._path, self._content, self._at = path, content, 0

    def take(self, count: int) -> memoryview:
        if self._at + count > len(self._content):
            raise DataError(
                f"{self._path}: the file ends after {len(self._content)} bytes, and {self._at + count} are needed at "
                "least; it is incomplete or damaged."
            )
        self._at += count
        return memoryview(self._content)[self._at - count : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def text(self) -> str:
        raw = bytes(self.take(self.number(2)))
        try:
            return raw.removesuffix(b"\0").decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{self._path}: byte {self._at}: a name is expected; the file is damaged.") from error

    def tensor(self, name: str) -> np.ndarray:
        rank = self.number(1)
        if rank > _MOST_RANK:
            raise DataError(f"{self._path}: {name} has {rank} dimensions; the file is damaged.")
        shape = struct.unpack(f"<{rank}I", self.take(4 * rank))
        kind, size = self.number(1), self.number(4)
        if kind >= len(_TYPES):
            raise DataError(f"{self._path}: {name} is of type {kind}; float32, float16 and whole numbers are read.")
        values = np.frombuffer(self.take(size), np.uint8)
        if size != math.prod(shape) * np.dtype(_TYPES[kind]).itemsize:
            raise DataError(f"{self._path}: {name} has {size} bytes, and shape {list(shape)}; the file is damaged.")
        return values.view(_TYPES[kind]).reshape(shape)

    def require_end(self) -> None:
        left = len(self._content) - self._at
        if left:
            raise DataError(f"{self._path}: {left} bytes are left behind the last name; the file is damaged.")
