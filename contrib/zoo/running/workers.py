"""Worker processes for preprocessing that is Python itself: threads would wait for one another there.

Slots lie in shared memory, which the workers write to directly; only what preprocessing says of a sample (its meta)
travels between processes, and the rows of padded inputs, whose size is not known beforehand.
"""

from __future__ import annotations

import itertools
import mmap
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.datasets.sample import Sample
from zoo.errors import HangingError, ZooError
from zoo.running.slots import Filled, Row, Slot, fill, fill_within, stored_dtype
from zoo.task import Task
from zoo_core.errors import DataError, ZooCoreError

# Starting processes takes about a second: less preprocessing than this is not worth it.
_WORTH_SECONDS = 2.0
_PROBES = 8
_numbers = itertools.count()


def wanted(asked: bool | None, task: Task, samples: Sequence[Sample], timeout: float | None = None) -> bool:
    """Whether to preprocess in processes: as `asked`, or else where the task says that its preprocessing is Python, and
    there is enough of it.

    Raises:
        ZooError: processes were asked for and cannot be had.
        HangingError: one of the first samples takes longer than `timeout` seconds.
    """
    possible = hasattr(os, "memfd_create") and os.path.isdir("/proc/self/fd")
    if asked is not None:
        if asked and not possible:
            raise ZooError("--processes True needs Linux (memory that processes share without a file); leave it out")
        return asked
    if not (possible and task.python_bound and len(samples) > _PROBES):
        return False
    start, done = time.perf_counter(), 0
    for sample in samples[:_PROBES]:
        try:
            fill_within(task, sample, timeout)
        except HangingError:
            raise
        except ZooCoreError:
            # this only estimates: the run meets the sample again, and names it
            continue
        done += 1
    return done > 0 and (time.perf_counter() - start) / done * len(samples) > _WORTH_SECONDS


@dataclass(frozen=True)
class Place:
    """Where another process finds one array: the open file of shared memory, shape and dtype.

    number: no two arrays of a run have the same; the path of a file that was closed is used again.
    """

    number: int
    path: str
    shape: tuple[int, ...]
    dtype: str


class SharedSlot(Slot):
    """A slot whose arrays lie in shared memory. The memory has no name, so that nothing is left of a killed run."""

    def __init__(self, rows: int, dtypes: Sequence[str | None], example: Row | None):
        super().__init__(rows, dtypes)
        self.places: list[Place] = []
        self._files: list[int] = []
        for number, array in enumerate(example or ()):
            dtype = stored_dtype(array, dtypes[number] if dtypes else None)
            shape = (rows, *array.shape)
            file = os.memfd_create(f"slot-{number}")
            os.ftruncate(file, max(int(np.prod(shape)) * dtype.itemsize, 1))
            self._files.append(file)
            self.places.append(Place(next(_numbers), f"/proc/{os.getpid()}/fd/{file}", shape, dtype.str))
            self.arrays.append(_mapped(file, shape, dtype))

    def __del__(self) -> None:
        for file in self._files:
            os.close(file)


def _mapped(file: int, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    size = int(np.prod(shape)) * dtype.itemsize
    memory = mmap.mmap(file, max(size, 1))  # lives as long as the array does
    return np.frombuffer(memory, dtype, count=size // dtype.itemsize).reshape(shape)


class Processes:
    """Workers in processes of their own, each with a piece of the batch."""

    def __init__(
        self,
        task: Task,
        count: int,
        batch_size: int,
        dtypes: Sequence[str | None],
        samples: Sequence[Sample],
    ):
        import multiprocessing  # both are slow to import, and most runs need threads alone
        from concurrent.futures import ProcessPoolExecutor

        try:
            packed = pickle.dumps(task)
        except Exception as error:
            # what a task holds is a model's own, and pickle raises whatever it likes
            raise ZooError(f"this task cannot be given to worker processes ({error}); use --processes False") from error
        self._count = count
        self._slot = (batch_size, dtypes, _example(task, samples))
        self._pool = ProcessPoolExecutor(
            count,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(packed, list(sys.path)),
        )
        self.elsewhere = 0.0

    def slot(self) -> Slot:
        return SharedSlot(*self._slot)

    def fill(self, slot: Slot, samples: Sequence[Sample]) -> list[Future[list[Filled | DataError]]]:
        assert isinstance(slot, SharedSlot)  # noqa: S101 - made above
        size = -(-len(samples) // self._count)
        return [
            self._piece(slot.places, start, samples[start : start + size]) for start in range(0, len(samples), size)
        ]

    def _piece(self, places: list[Place], first: int, samples: Sequence[Sample]) -> Future[list[Filled | DataError]]:
        """The future of a piece, which names the samples of a worker that was killed."""
        from concurrent.futures.process import BrokenProcessPool

        told: Future[list[Filled | DataError]] = Future()

        def tell(done: Future[list[Filled | DataError]]) -> None:
            if done.cancelled():
                told.cancel()
                return
            error = done.exception()
            if isinstance(error, BrokenProcessPool):
                names = f"{samples[0].id} to {samples[-1].id}"
                told.set_exception(ZooError(f"a worker process ended while it preprocessed {names}, or before"))
            elif error is not None:
                told.set_exception(error)
            else:
                result = done.result()
                self.elsewhere += sum(one.cpu_seconds for one in result if isinstance(one, Filled))
                told.set_result(result)

        try:
            self._pool.submit(_work, places, first, list(samples)).add_done_callback(tell)
        except BrokenProcessPool:
            told.set_exception(ZooError(f"a worker process ended before {samples[0].id} was preprocessed"))
        return told

    def close(self, wait: bool = True) -> None:
        if not wait:
            import multiprocessing

            for process in multiprocessing.active_children():  # which are the pool's: nothing else here starts any
                process.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)


def _example(task: Task, samples: Sequence[Sample]) -> Row | None:
    """The arrays of the first readable sample, for their shapes; None where the task pads, or nothing can be read."""
    if task.padding is not None:
        return None
    for sample in samples:
        try:
            return fill(task, sample, None).arrays
        except DataError:
            continue
    return None


# -- in the worker ---------------------------------------------------------------------------------

_state: dict[str, Any] = {}


def _begin(packed: bytes, path: list[str]) -> None:
    """Called once in each worker. The run's own process handles Ctrl-C; a worker ends with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.path[:] = path
    _state["task"] = pickle.loads(packed)
    _state["arrays"] = {}


def _end_with_parent() -> None:
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(places: list[Place], first: int, samples: list[Sample]) -> list[Filled | DataError]:
    """Preprocess `samples` into the rows from `first` on; samples that cannot be read give their error."""
    arrays = [_attached(place) for place in places]
    done: list[Filled | DataError] = []
    for index, sample in enumerate(samples, start=first):
        row = tuple(array[index, ...] for array in arrays) or None
        try:
            done.append(fill(_state["task"], sample, row))
        except DataError as error:
            done.append(error)
    return done


def _attached(place: Place) -> np.ndarray:
    """The array at `place`; opened once."""
    if place not in _state["arrays"]:
        with open(place.path, "r+b") as file:
            _state["arrays"][place] = _mapped(file.fileno(), place.shape, np.dtype(place.dtype))
    return _state["arrays"][place]
