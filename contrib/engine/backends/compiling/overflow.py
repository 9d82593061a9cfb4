"""Weights of 8 bits on a processor that adds products up in 16: the sums overflow, without a word of the runtime."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from zoo_core.machine import products_overflow

from .onnx_file import tensors_of, varint

_MOST = 64  # of weights that leave room for two products in 16 bits
# Fields of a tensor: its type, its numbers (as larger ones, or as bytes), their place; and a value of type and place
_TYPE, _LARGER, _RAW, _PLACE = 2, 5, 9, 14
_INT8, _ELSEWHERE = 3, 1
_log = logging.getLogger(__name__)


def overflows(ckpt: Path, instead: str) -> bool:
    """Whether this processor's sums may overflow with the weights of an ONNX file, which a warning says then.

    The file is looked at without onnx; weights that are in another one count as wide.

    Args:
        ckpt: the file.
        instead: what the runtime does about it, for the warning.

    Raises:
        ModelFileError: the file cannot be read.
    """
    if not products_overflow() or not any(tensors_of(ckpt, _is_wide)):
        return False
    _log.warning(
        "%s: sums with weights of 8 bits overflow on this processor, which has no VNNI, or does not tell: %s. Weights "
        "of 7 bits leave room (zoo compress writes them)",
        ckpt.name,
        instead,
    )
    return True


def _is_wide(fields: list[tuple[int, memoryview | int]]) -> bool:
    """Whether a tensor is of int8, with numbers that take more than 7 bits."""
    if (_TYPE, _INT8) not in fields:
        return False
    if (_PLACE, _ELSEWHERE) in fields:
        return True
    numbers = np.frombuffer(b"".join(_bytes(number, value) for number, value in fields), np.int8)
    return bool(numbers.size) and bool(numbers.max() > _MOST or numbers.min() < -_MOST)


def _bytes(number: int, value: memoryview | int) -> bytes:
    """The int8 numbers in a field of a tensor, a byte each."""
    if number == _RAW and isinstance(value, memoryview):
        return bytes(value)
    if number != _LARGER:
        return b""
    if isinstance(value, int):
        return bytes([value & 255])
    found, place = bytearray(), 0
    while place < len(value):
        one, place = varint(value, place)
        found.append(one & 255)
    return bytes(found)
