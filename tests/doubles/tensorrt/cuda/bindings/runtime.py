"""A double of the CUDA runtime: two devices, whose memory is this process's. Freeing twice is an error."""

from __future__ import annotations

import ctypes
import enum
import itertools
import time
from typing import Any

_memory: dict[int, Any] = {}
_events: dict[int, float | None] = {}
_numbers = itertools.count(1)


class cudaError_t(enum.Enum):
    cudaSuccess = 0
    cudaErrorInvalidValue = 1
    cudaErrorInvalidDevice = 101


class cudaMemcpyKind(enum.Enum):
    cudaMemcpyHostToDevice = 1
    cudaMemcpyDeviceToHost = 2


def cudaSetDevice(device: int) -> tuple[Any, ...]:
    return (cudaError_t.cudaSuccess if 0 <= device < 2 else cudaError_t.cudaErrorInvalidDevice,)


def cudaStreamCreate() -> tuple[Any, ...]:
    return cudaError_t.cudaSuccess, 1


def cudaStreamDestroy(stream: int) -> tuple[Any, ...]:
    return (cudaError_t.cudaSuccess,)


def cudaStreamSynchronize(stream: int) -> tuple[Any, ...]:
    return (cudaError_t.cudaSuccess,)


def cudaMalloc(size: int) -> tuple[Any, ...]:
    buffer = ctypes.create_string_buffer(size)
    _memory[ctypes.addressof(buffer)] = buffer
    return cudaError_t.cudaSuccess, ctypes.addressof(buffer)


def cudaFree(pointer: int) -> tuple[Any, ...]:
    known = _memory.pop(pointer, None) is not None
    return (cudaError_t.cudaSuccess if known else cudaError_t.cudaErrorInvalidValue,)


def cudaMemcpyAsync(to: int, source: int, size: int, kind: Any, stream: int) -> tuple[Any, ...]:
    device = to if kind is cudaMemcpyKind.cudaMemcpyHostToDevice else source
    if device not in _memory or size > len(_memory[device]):
        return (cudaError_t.cudaErrorInvalidValue,)
    ctypes.memmove(to, source, size)
    return (cudaError_t.cudaSuccess,)


def cudaEventCreate() -> tuple[Any, ...]:
    event = next(_numbers)
    _events[event] = None
    return cudaError_t.cudaSuccess, event


def cudaEventRecord(event: int, stream: int) -> tuple[Any, ...]:
    if event not in _events:
        return (cudaError_t.cudaErrorInvalidValue,)
    _events[event] = time.perf_counter()
    return (cudaError_t.cudaSuccess,)


def cudaEventElapsedTime(start: int, end: int) -> tuple[Any, ...]:
    """Milliseconds. Both must have been recorded."""
    first, last = _events.get(start), _events.get(end)
    if first is None or last is None:
        return cudaError_t.cudaErrorInvalidValue, 0.0
    return cudaError_t.cudaSuccess, (last - first) * 1e3


def cudaEventDestroy(event: int) -> tuple[Any, ...]:
    known = event in _events
    _events.pop(event, None)
    return (cudaError_t.cudaSuccess if known else cudaError_t.cudaErrorInvalidValue,)
