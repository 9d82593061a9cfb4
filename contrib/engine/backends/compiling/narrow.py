"""Whole numbers of more bits than a runtime computes in."""

from __future__ import annotations

import numpy as np

from ...errors import InputError

_WIDE = ("int64", "uint32", "uint64")
_INT32 = np.iinfo(np.int32)


def require_32_bits(array: np.ndarray, name: str, target: str) -> None:
    """Raise InputError for whole numbers that `target`, which computes in 32 bits with a sign, would cut off unsaid.

    Args:
        array: what an input is given, of any dtype.
        name: of the input.
        target: for the message.
    """
    if array.dtype.name not in _WIDE or not array.size:
        return
    least, most = int(array.min()), int(array.max())
    if least < _INT32.min or most > _INT32.max:
        raise InputError(
            f"input '{name}' has whole numbers from {least} to {most}, and target '{target}' computes in {_INT32.min} "
            f"to {_INT32.max}; run it on target onnx"
        )
