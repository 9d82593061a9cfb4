"""Room for batches, used again and again, and how one sample is preprocessed into it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from utils.datasets.sample import Sample
from zoo.errors import ZooError
from zoo.hanging import ended_within
from zoo.task import Task
from zoo_core.errors import DataError

Row = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Filled:
    """One preprocessed sample: what preprocessing said of it, what it took, and its arrays if they are in no slot."""

    meta: Any
    seconds: float
    cpu_seconds: float
    arrays: Row = ()


class Slot:
    """Room for one batch, used again and again. Its arrays are made when the first row arrives.

    dtypes: the precision that floating values of each input are to be stored in; None leaves them as they come.
    """

    def __init__(self, rows: int, dtypes: Sequence[str | None]):
        self.arrays: list[np.ndarray] = []
        self._rows = rows
        self._dtypes = dict(enumerate(dtypes))
        self._lock = Lock()

    def row(self, index: int) -> Row | None:
        """Where row `index` is to be written, or None while the shapes are not known."""
        return tuple(array[index, ...] for array in self.arrays) or None

    def put(self, index: int, arrays: Sequence[np.ndarray]) -> None:
        """Copy one sample into row `index`. Raises DataError when it has another shape than those before."""
        with self._lock:
            if not self.arrays:
                self.arrays = [self._room(number, array) for number, array in enumerate(arrays)]
        write_row(self.row(index) or (), arrays)

    def take(self, arrays: Sequence[np.ndarray]) -> None:
        """Have these arrays of a whole batch for rows, instead of room of its own."""
        pairs = enumerate(arrays)
        self.arrays = [array.astype(stored_dtype(array, self._dtypes.get(n)), copy=False) for n, array in pairs]

    def _room(self, number: int, array: np.ndarray) -> np.ndarray:
        return np.empty((self._rows, *array.shape), stored_dtype(array, self._dtypes.get(number)))


def stored_dtype(array: np.ndarray, asked: str | None) -> np.dtype:
    """`asked` for floating values; whole numbers stay what they are."""
    wanted = np.dtype(asked or array.dtype)
    return wanted if wanted.kind == array.dtype.kind == "f" else array.dtype


def write_row(row: Row, arrays: Sequence[np.ndarray]) -> None:
    """Copy what is not there already. Raises DataError when a shape differs."""
    for place, array in zip(row, arrays, strict=True):
        if place.shape != array.shape:
            raise DataError(f"preprocessing gave an array of {list(array.shape)}, others {list(place.shape)}")
        if place is not array:
            np.copyto(place, array, casting="same_kind")


def fill(task: Task, sample: Sample, row: Row | None) -> Filled:
    """Preprocess one sample into `row`, or beside it where there is none yet.

    Raises DataError for a sample that cannot be read, ZooError for a mistake of the preprocessing; both name it.
    """
    start, start_cpu = time.perf_counter(), time.thread_time()
    try:
        arrays, meta = task.preprocess(sample.data, row)
        if row is not None:
            write_row(row, arrays)
    except DataError as error:
        raise error if sample.id in str(error) else DataError(f"{sample.id}: {error}") from error
    except Exception as error:
        # preprocessing is a model's own code, which may raise anything
        raise ZooError(f"preprocessing of {sample.id} failed: {type(error).__name__}: {error}") from error
    beside = arrays if row is None else ()
    return Filled(meta, time.perf_counter() - start, time.thread_time() - start_cpu, beside)


def fill_within(task: Task, sample: Sample, timeout: float | None) -> Filled:
    """Preprocess one sample, as `fill` does, with its arrays beside it.

    Args:
        timeout: seconds after which a sample that does not come to its end is a HangingError, which names it; None
            waits for ever.
    """
    return ended_within(timeout, f"preprocessing of {sample.id}", fill, task, sample, None)


def samples_of_files(task: Task, files: Sequence[Path], timeout: float | None) -> list[Sample]:
    """What some files hold. Raises HangingError as `fill_within` does, of a file."""
    return [
        sample for file in files for sample in ended_within(timeout, f"reading of {file.name}", task.samples_in, file)
    ]
