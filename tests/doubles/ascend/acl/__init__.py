"""A double of pyACL on ONNX Runtime: two NPUs, whose memory is this process's. An .om is an ONNX model behind a mark.

Calls out of order (before init, without a context, freeing twice) return an error code, as the vendor's do.
"""

from __future__ import annotations

from typing import Any

from . import _state, mdl, rt

__all__ = ["create_data_buffer", "destroy_data_buffer", "finalize", "get_soc_name", "init", "mdl", "rt"]


def init(config: str = "") -> int:
    """Once a process."""
    if _state.initialised:
        return 100002
    _state.initialised = True
    return 0


def finalize() -> int:
    _state.initialised = False
    return 0


def get_soc_name() -> str:
    return "Ascend-double"


def create_data_buffer(pointer: int, size: int) -> Any:
    return {"pointer": pointer, "size": size}


def destroy_data_buffer(buffer: Any) -> int:
    buffer.clear()
    return 0


def live_allocations() -> int:
    """For tests: pieces of device memory that have not been freed."""
    return len(_state.memory)
