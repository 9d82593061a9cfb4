"""Checkpoints of TensorFlow (`NAME.index` and `NAME.data-00000-of-00001`), read without TensorFlow.

The index is a table of LevelDB: blocks of sorted keys, each said as the length that it shares with the one before, and
the rest. A footer of 48 bytes names the block that names the other blocks. A key is a variable's name, its value a
`BundleEntryProto`: 1 the type, 2 the shape, 3 the shard, 4 and 5 where its little-endian numbers are in the data file.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from math import prod
from pathlib import Path

import numpy as np

from utils.protobuf import fields, varint
from zoo_core.errors import UnreadableError

_FOOTER, _TRAILER, _MAGIC = 48, 5, 0xDB4775248B80FB57
_DTYPES = {1: "<f4", 2: "<f8", 3: "<i4", 4: "u1", 5: "<i2", 6: "i1", 9: "<i8", 10: "?", 19: "<f2"}


def read_variables(index: str | Path, data: str | Path) -> dict[str, np.ndarray]:
    """The variables of a checkpoint that consists of one shard, by name.

    Raises:
        UnreadableError: a file cannot be read, is damaged or compressed, or the two do not fit together.
    """
    try:
        table, numbers = Path(index).read_bytes(), Path(data).read_bytes()
    except OSError as error:
        raise UnreadableError(f"{error.filename}: cannot be read: {error.strerror}.") from error
    try:
        # the first entry, without a name, is of the checkpoint itself
        return {key.decode(): _array(value, numbers) for key, value in _entries(table) if key}
    except (ValueError, IndexError, struct.error) as error:
        raise UnreadableError(f"{index}: this is no checkpoint of TensorFlow with {data}: {error}.") from error


def _entries(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """All keys and values of a table."""
    footer = table[-_FOOTER:]
    if len(footer) < _FOOTER or struct.unpack("<Q", footer[-8:])[0] != _MAGIC:
        raise ValueError("it does not end as a table does")
    place = varint(footer, varint(footer, 0)[1])[1]
    for _, handle in _block(table, *_handle(footer, place)):
        yield from _block(table, *_handle(handle, 0))


def _handle(content: bytes, place: int) -> tuple[int, int]:
    """Offset and size of a block."""
    offset, place = varint(content, place)
    return offset, varint(content, place)[0]


def _block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values of a block; behind it come the kind of compression and a checksum."""
    if offset + size + _TRAILER > len(table):
        raise ValueError("a block lies outside it")
    if table[offset + size]:
        raise ValueError("it is compressed, which is not read")
    block = table[offset : offset + size]
    restarts = struct.unpack("<I", block[-4:])[0]
    end = size - 4 * (restarts + 1)
    if end < 0:
        raise ValueError("a block is too short")
    key, place = b"", 0
    while place < end:
        shared, place = varint(block, place)
        own, place = varint(block, place)
        length, place = varint(block, place)
        if shared > len(key) or place + own + length > end:
            raise ValueError("a key or a value lies outside its block")
        key = key[:shared] + block[place : place + own]
        yield key, block[place + own : place + own + length]
        place += own + length


def _array(entry: bytes, numbers: bytes) -> np.ndarray:
    """What a BundleEntryProto says, out of the data file."""
    said: dict[int, int | bytes] = dict(fields(entry))
    kind, shape, shard, offset, size = (said.get(number, 0) for number in range(1, 6))
    if kind not in _DTYPES or shard != 0 or not isinstance(offset, int) or not isinstance(size, int):
        raise ValueError(f"a variable of type {kind!r:.20} in shard {shard!r:.20}; numbers in one shard are read")
    dims = shape_of(shape if isinstance(shape, bytes) else b"")
    dtype = np.dtype(_DTYPES[kind])
    if offset + size > len(numbers) or prod(dims) * dtype.itemsize != size:
        raise ValueError(f"a variable of {list(dims)!s:.60} in bytes {offset} to {offset + size} of {len(numbers)}")
    return np.frombuffer(numbers, dtype, prod(dims), offset).reshape(dims)


def shape_of(content: bytes) -> tuple[int, ...]:
    """A TensorShapeProto: field 2 is a dimension, whose field 1 is its size."""
    dims = [dict(fields(value)) for number, value in fields(content) if number == 2 and isinstance(value, bytes)]
    sizes = tuple(one.get(1, 0) for one in dims)
    if not all(isinstance(size, int) and size < 2**31 for size in sizes):
        raise ValueError(f"a variable of the shape {sizes!r:.60}")
    return tuple(int(size) for size in sizes)
