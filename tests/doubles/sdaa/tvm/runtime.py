"""tvm.runtime: engines, contexts and arrays of the card."""

from __future__ import annotations

import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

_MAGIC = b"DOUBLE-OF-A-TECOENGINE\n"
_UNITS_OF_A_CARD = 4

# for tests: rows of each compute unit, one list a call; and the device that each engine was made for
calls: list[list[int]] = []
devices: list[str] = []


class NDArray:
    """An array on the card."""

    def __init__(self, array: np.ndarray):
        self._array = array

    def numpy(self) -> np.ndarray:
        return self._array


def from_numpy(array: np.ndarray) -> NDArray:
    """`array`, which must be contiguous, on the card."""
    if not array.flags.c_contiguous:
        raise ValueError("from_numpy takes contiguous arrays")
    return NDArray(array)


def save_engine(lib: bytes, path: str) -> None:
    """Write the compiled library to a file."""
    Path(path).write_bytes(_MAGIC + len(lib).to_bytes(8, "big") + lib)


def create_engine(lib: bytes | str, device: str) -> Engine:
    """An engine from a compiled library, or from the path of one that save_engine wrote."""
    if device.partition(":")[0] != "sdaa":
        raise ValueError(f"no device {device}")
    if isinstance(lib, str):
        content = Path(lib).read_bytes()
        body = content[len(_MAGIC) + 8 :]
        if not content.startswith(_MAGIC) or len(body) != int.from_bytes(content[len(_MAGIC) :][:8], "big"):
            raise RuntimeError(f"{lib} is not an engine")
        lib = body
    devices.append(device)
    return Engine(lib)


class Engine:
    """A network on every compute unit of the card."""

    def __init__(self, lib: bytes):
        units = min(int(os.environ.get("MAX_ENGINE_NUMS", _UNITS_OF_A_CARD)), _UNITS_OF_A_CARD)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False  # its arenas leave holes in the heap, where tests count leaks
        self._sessions: list[Any] | None = [
            onnxruntime.InferenceSession(lib, options, providers=["CPUExecutionProvider"]) for _ in range(units)
        ]

    def create_context(self) -> Context:
        if self._sessions is None:
            raise RuntimeError("the engine has been released")
        return Context(self._sessions)

    def release(self) -> None:
        self._sessions = None


class Context:
    """Runs calls on the units of an engine, one call after the other."""

    def __init__(self, sessions: list[Any]):
        self._sessions = sessions
        self._inputs = sessions[0].get_inputs()
        self._queue = ThreadPoolExecutor(1)
        self._units = ThreadPoolExecutor(len(sessions))
        self._released = False

    def run_async(self, arrays: list[NDArray]) -> Pending:
        """Start a call: all units at once, one compiled batch each."""
        if self._released:
            raise RuntimeError("the context has been released")
        given = [array.numpy() for array in arrays]
        return Pending(self._queue.submit(self._run, given))

    def _run(self, arrays: list[np.ndarray]) -> list[NDArray]:
        shape = self._inputs[0].shape
        batch = shape[0] if shape else 1
        rows = arrays[0].shape[0] if shape else 1
        count = rows // batch
        if rows % batch or not 1 <= count <= len(self._sessions):
            raise RuntimeError(f"compiled for {batch} rows on up to {len(self._sessions)} units, called with {rows}")
        calls.append([batch] * count)
        together = threading.Barrier(count)
        jobs = [
            self._units.submit(self._unit, unit, [array[unit * batch :][:batch] for array in arrays], together)
            for unit in range(count)
        ]
        results = [job.result() for job in jobs]
        return [NDArray(parts[0] if count == 1 else np.concatenate(parts)) for parts in zip(*results, strict=True)]

    def _unit(self, unit: int, arrays: list[np.ndarray], together: threading.Barrier) -> list[np.ndarray]:
        together.wait(timeout=60)  # breaks unless all units are at work at the same time
        feeds = {node.name: array for node, array in zip(self._inputs, arrays, strict=True)}
        return self._sessions[unit].run(None, feeds)

    def release(self) -> None:
        self._released = True
        self._queue.shutdown(wait=True)
        self._units.shutdown(wait=True)


class Pending:
    """A call that has been started."""

    def __init__(self, future: Future[list[NDArray]]):
        self._future = future

    def get(self) -> list[NDArray]:
        return self._future.result()
