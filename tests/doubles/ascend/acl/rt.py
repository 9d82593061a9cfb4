"""acl.rt: devices, contexts, memory."""

from __future__ import annotations

import ctypes

from . import _state


def set_device(device: int) -> int:
    if not _state.initialised or not 0 <= device < 2:
        return _state.FAILED
    _state.devices.add(device)
    return 0


def reset_device(device: int) -> int:
    _state.devices.discard(device)
    return 0


def create_context(device: int) -> tuple[int, int]:
    if device not in _state.devices:
        return 0, _state.FAILED
    context = next(_state.counter)
    _state.contexts[context] = device
    return context, 0


def set_context(context: int) -> int:
    return 0 if context in _state.contexts else _state.FAILED


def destroy_context(context: int) -> int:
    return 0 if _state.contexts.pop(context, None) is not None else _state.FAILED


def malloc(size: int, policy: int) -> tuple[int, int]:
    buffer = ctypes.create_string_buffer(size)
    pointer = ctypes.addressof(buffer)
    _state.memory[pointer] = buffer
    return pointer, 0


def free(pointer: int) -> int:
    return 0 if _state.memory.pop(pointer, None) is not None else _state.FAILED


def memcpy(to: int, room: int, source: int, size: int, kind: int) -> int:
    if size > room or (to if kind == 1 else source) not in _state.memory:
        return _state.FAILED
    ctypes.memmove(to, source, size)
    return 0
