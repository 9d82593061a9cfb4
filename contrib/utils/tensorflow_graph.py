"""The constants of a frozen graph of TensorFlow (`NAME.pb`), read without TensorFlow.

A GraphDef has a NodeDef for each operator (field 1): its name (1), its kind (2), and its attributes (5), each a pair of
a name and a value. The weights of a frozen graph are operators of the kind Const, whose attribute `value` holds a
TensorProto (field 8 of the value): 1 the type, 2 the shape, 4 the numbers as they lie in memory, or 5 a list of floats,
of which the last one stands for all that are left out.
"""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np

from utils.protobuf import fields
from utils.tensorflow_checkpoint import shape_of
from zoo_core.errors import UnreadableError

_FLOAT = 1
_MOST = 1 << 28  # numbers of one constant


def read_constants(path: str | Path) -> dict[str, np.ndarray]:
    """The float32 constants of a graph, by the name of their operator; those of other types are no weights.

    Raises:
        UnreadableError: the file cannot be read, is damaged, or is no graph with such constants.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be read: {error.strerror}.") from error
    try:
        nodes = [value for number, value in fields(content) if number == 1 and isinstance(value, bytes)]
        found = dict(constant for constant in map(_constant, nodes) if constant is not None)
    except (ValueError, KeyError) as error:
        raise UnreadableError(f"{path}: this is no frozen graph of TensorFlow, or it is damaged: {error}.") from error
    if not found:
        raise UnreadableError(f"{path}: this is no frozen graph of TensorFlow: there is no constant of float32 in it.")
    return found


def _constant(node: bytes) -> tuple[str, np.ndarray] | None:
    """(name, array) of an operator; None where it is no constant of float32."""
    said = [(number, value) for number, value in fields(node) if isinstance(value, bytes)]
    names = dict(said)
    if names.get(2) != b"Const":
        return None
    attributes = {_bytes(pair, 1): _bytes(pair, 2) for pair in (dict(fields(v)) for number, v in said if number == 5)}
    tensor = _bytes(dict(fields(attributes.get(b"value", b""))), 8)
    array = _array(tensor)
    return None if array is None else (names.get(1, b"").decode(), array)


def _bytes(message: dict[int, int | bytes], number: int) -> bytes:
    """A field that has to be bytes."""
    found = message.get(number, b"")
    if not isinstance(found, bytes):
        raise ValueError(f"field {number} is a number where bytes are expected")
    return found


def _array(tensor: bytes) -> np.ndarray | None:
    """What a TensorProto holds; None where that is not float32."""
    said = dict(fields(tensor))
    if said.get(1) != _FLOAT:
        return None
    dims = shape_of(_bytes(said, 2))
    count = prod(dims)
    if count > _MOST:
        raise ValueError(f"a constant of the shape {list(dims)!s:.60}")
    listed = b"".join(value for number, value in fields(tensor) if number == 5 and isinstance(value, bytes))
    numbers = np.frombuffer(_bytes(said, 4) or listed, "<f4")
    if 4 not in said and 0 < len(numbers) < count:
        numbers = np.concatenate([numbers, np.full(count - len(numbers), numbers[-1])])
    if len(numbers) != count:
        raise ValueError(f"a constant of the shape {list(dims)!s:.60} with {len(numbers)} numbers")
    return numbers.astype(np.float32).reshape(dims)
