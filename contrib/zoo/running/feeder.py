"""Batches made ahead of the engine: workers preprocess samples straight into the rows of reusable slots.

Threads are enough where preprocessing is Pillow and numpy, which let other threads run while they decode, scale and
look up. Where it is Python itself, processes do it (`workers.py`), on slots in shared memory.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from engine.base import Call
from utils.datasets.sample import Sample
from zoo.errors import ZooError
from zoo.hanging import hanging
from zoo.running import memory
from zoo.running.padding import Fixed, chunks, require_fits, stacked
from zoo.running.slots import Filled, Slot, fill
from zoo.task import Task
from zoo_core.errors import DataError
from zoo_core.interrupts import stepwise, wait_for

# Slots beside those in flight: one is postprocessed, one is ready, one is being filled.
AHEAD = 3
# Batches that workers are given at once: with one more behind the one that they are at, they never wait.
_GIVEN = 2

OnBad = Callable[[Sample, DataError], None]


class Workers(Protocol):
    """Who fills slots. `elsewhere`: processor seconds spent in other processes so far."""

    elsewhere: float

    def slot(self) -> Slot: ...
    def fill(self, slot: Slot, samples: Sequence[Sample]) -> list[Future[list[Filled | DataError]]]:
        """Begin to fill `slot`; the futures' lists, one behind the other, hold one entry a sample."""
        ...

    def close(self, wait: bool = True) -> None:
        """End with the samples that are being worked on; without `wait`, leave those that do not come to an end."""
        ...


class Threads:
    """Workers in this process: one sample at a time, or one batch where the task takes many."""

    elsewhere = 0.0

    def __init__(self, task: Task, count: int, batch_size: int, dtypes: Sequence[str | None]):
        self._task = task
        self._slot = (batch_size, dtypes)
        memory.keep_freed()
        self.pool = ThreadPoolExecutor(count, thread_name_prefix="preprocess")

    def slot(self) -> Slot:
        return Slot(*self._slot)

    def fill(self, slot: Slot, samples: Sequence[Sample]) -> list[Future[list[Filled | DataError]]]:
        if self._task.many is not None:
            return [self.pool.submit(self._batch, slot, samples)]
        return [self.pool.submit(self._one, slot, index, sample) for index, sample in enumerate(samples)]

    def _batch(self, slot: Slot, samples: Sequence[Sample]) -> list[Filled | DataError]:
        """All samples at once; where one of them is wrong, one after the other."""
        start, start_cpu = time.perf_counter(), time.thread_time()
        try:
            assert self._task.many is not None  # noqa: S101 - asked before
            arrays, metas = self._task.many([sample.data for sample in samples])
        except DataError:
            slot.arrays = []  # those of a batch before, which may have had fewer rows
            return [self.alone(slot, index, sample) for index, sample in enumerate(samples)]
        except Exception as error:
            # preprocessing is a model's own code, which may raise anything
            names = f"{samples[0].id} to {samples[-1].id}"
            raise ZooError(f"preprocessing of {names} failed: {type(error).__name__}: {error}") from error
        slot.take(arrays)
        seconds = (time.perf_counter() - start) / len(samples)
        cpu_seconds = (time.thread_time() - start_cpu) / len(samples)
        return [Filled(meta, seconds, cpu_seconds) for meta in metas]

    def alone(self, slot: Slot, index: int, sample: Sample) -> Filled | DataError:
        """Preprocess one sample into its row, in this thread."""
        try:
            return self._one(slot, index, sample)[0]
        except DataError as error:
            return error

    def _one(self, slot: Slot, index: int, sample: Sample) -> list[Filled | DataError]:
        if self._task.one_by_one:
            filled = fill(self._task, sample, None)
            slot.take([array[None] for array in filled.arrays])
            return [Filled(filled.meta, filled.seconds, filled.cpu_seconds)]
        filled = fill(self._task, sample, slot.row(index) if self._task.padding is None else None)
        if filled.arrays and self._task.padding is None:
            try:
                slot.put(index, filled.arrays)
            except DataError as error:
                raise DataError(f"{sample.id}: {error}") from error
            return [Filled(filled.meta, filled.seconds, filled.cpu_seconds)]
        return [filled]

    def close(self, wait: bool = True) -> None:
        self.pool.shutdown(wait=wait, cancel_futures=True)


@dataclass(frozen=True)
class Batch:
    """Preprocessed samples: `arrays` has one array an input, [rows, …]; they live in `slot` until it is used again.

    seconds, cpu_seconds: what preprocessing took, summed over the workers. call: of the network on these arrays, where
    it is done already (`lanes.Lanes`).
    """

    samples: list[Sample]
    arrays: list[np.ndarray]
    metas: list[Any]
    slot: Slot
    seconds: float
    cpu_seconds: float
    call: Call | None = None


Filling = tuple[Slot, list[Sample], list[Future[list[Filled | DataError]]]]


class Feeder:
    """Makes batches ahead of the caller, on `workers` workers, and gives them out in order.

    The caller returns a batch's slot with `give_back`; while no slot is free, nothing further is preprocessed. The
    last batch is as small as it is. A sample that cannot be read raises its DataError, or goes to `on_bad` and is
    left out; any other exception of the preprocessing becomes a ZooError. Both name the sample.

    Where the task pads, the rows of a batch differ in shape until the batch is complete: they are put together then.
    fixed, token_budget: as padding.stacked and padding.chunks have them. processes: whether the workers are processes;
    None leaves it to the task, and to whether there is enough to do. timeout: seconds after which samples that do not
    come to an end are a HangingError; None waits for ever.
    """

    def __init__(
        self,
        task: Task,
        batch_size: int,
        workers: int,
        *,
        slots: int = AHEAD,
        dtypes: Sequence[str | None] = (),
        on_bad: OnBad | None = None,
        fixed: Fixed = (),
        token_budget: int | None = None,
        processes: bool | None = None,
        timeout: float | None = None,
    ):
        self.timeout = timeout
        self._hanging = False
        self._task = task
        self._fixed = fixed
        self._token_budget = token_budget
        self._batch_size = batch_size
        self._count = workers
        self._slots = slots
        self._free: deque[Slot] = deque()
        self._dtypes = dtypes
        self.on_bad = on_bad
        self._processes = processes
        self.elsewhere = 0.0

    def give_back(self, batch: Batch) -> None:
        """The arrays of `batch` are not needed any more."""
        self._free.append(batch.slot)

    def batches(self, samples: Sequence[Sample]) -> Iterator[Batch]:
        """The batches of `samples`. When the caller stops early, the workers end with the sample they are at."""
        return stepwise(self._batches(samples))

    def _batches(self, samples: Sequence[Sample]) -> Generator[Batch, None, None]:
        plan = chunks(self._task, samples, self._batch_size, self._token_budget)
        filling: deque[Filling] = deque()
        workers = self._workers(samples)
        self._free = deque(workers.slot() for _ in range(self._slots))
        try:
            while True:
                while self._room_ahead(filling) and (indices := next(plan, None)) is not None:
                    chunk = [samples[index] for index in indices]
                    # the slot that was used last: its memory is there, and that of a slot never used need not come
                    slot = self._free.pop() if self._free else workers.slot()
                    filling.append((slot, chunk, workers.fill(slot, chunk)))
                if not filling:
                    return
                batch = self._collected(*filling.popleft())
                self.elsewhere = workers.elsewhere
                if batch.samples:
                    yield batch
                else:
                    self.give_back(batch)
        finally:
            workers.close(wait=not self._hanging)

    def _room_ahead(self, filling: Sequence[Filling]) -> bool:
        """Whether another batch is to be begun. Without a free slot, one is, if there is none at all."""
        if not self._free:
            return not filling
        return sum(not parts[-1].done() for _, _, parts in filling) < _GIVEN

    def _workers(self, samples: Sequence[Sample]) -> Workers:
        if self._processes or (self._processes is None and self._task.python_bound):
            from .workers import Processes, wanted  # multiprocessing, which few runs need

            if wanted(self._processes, self._task, samples, self.timeout):
                return Processes(self._task, self._count, self._batch_size, self._dtypes, samples)
        return Threads(self._task, self._count, self._batch_size, self._dtypes)

    def _collected(self, slot: Slot, samples: list[Sample], parts: list[Future[list[Filled | DataError]]]) -> Batch:
        """Wait for every row of a slot. Rows that could not be read are closed up."""
        if not wait_for(parts, self.timeout):
            assert self.timeout is not None  # noqa: S101 - without one, the waiting has no end
            self._hanging = True
            raise hanging(f"preprocessing of {_undone(samples, parts)}", self.timeout)
        good, rows = self._readable(samples, _results(parts))
        return Batch(
            [samples[index] for index in good],
            self._together(slot, rows, good, len(samples)),
            [row.meta for row in rows],
            slot,
            sum(row.seconds for row in rows),
            sum(row.cpu_seconds for row in rows),
        )

    def _readable(
        self, samples: Sequence[Sample], results: Iterable[Filled | DataError]
    ) -> tuple[list[int], list[Filled]]:
        """The places of the samples that could be read, and what came of these; the others are told."""
        good: list[int] = []
        rows: list[Filled] = []
        for index, (sample, result) in enumerate(zip(samples, results, strict=True)):
            filled = self._fitting(sample, result)
            if isinstance(filled, DataError):
                if self.on_bad is None:
                    raise filled
                self.on_bad(sample, filled)
                continue
            good.append(index)
            rows.append(filled)
        return good, rows

    def _fitting(self, sample: Sample, filled: Filled | DataError) -> Filled | DataError:
        """`filled`, or what to say of a sample that is too long for a network of fixed size."""
        if isinstance(filled, Filled) and self._task.padding is not None:
            try:
                require_fits(filled.arrays, self._fixed)
            except DataError as error:
                return DataError(f"{sample.id}: {error}")
        return filled

    def _together(self, slot: Slot, rows: list[Filled], good: list[int], count: int) -> list[np.ndarray]:
        if self._task.padding is not None:
            return stacked([row.arrays for row in rows], self._task.padding, self._fixed, self._dtypes)
        return [array[:count] if len(good) == count else array[good] for array in slot.arrays]


def _undone(samples: Sequence[Sample], parts: Sequence[Future[list[Filled | DataError]]]) -> str:
    """The samples that are being worked on, of a part that holds several its first and last."""
    if len(parts) != len(samples):
        return f"one of {samples[0].id} to {samples[-1].id}"
    undone = [sample.id for sample, part in zip(samples, parts, strict=True) if part.running()]
    return ", ".join(undone) or samples[0].id


def _results(parts: Sequence[Future[list[Filled | DataError]]]) -> Iterator[Filled | DataError]:
    """One entry a sample; a DataError of a whole part is that of its only sample."""
    for part in parts:
        try:
            yield from part.result()
        except DataError as error:
            yield error
