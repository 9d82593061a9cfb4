"""One thread a core, which preprocesses a batch and runs the network on it: nothing is handed over in between.

Where the network runs on the same cores as preprocessing, workers and streams of their own are twice as many threads
as there are cores, which take the cores from each other, and a batch has left a core's cache by the time that its
network runs. Each lane fills its own slot again and again, so that only as many slots are touched as there are lanes.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.base import Call, Engine
from utils.datasets.sample import Sample
from zoo.hanging import hanging
from zoo.running.feeder import Batch, Feeder, Threads
from zoo.running.network import Runner
from zoo.running.padding import batches_in, chunks
from zoo.running.slots import Filled, Slot
from zoo.task import Task
from zoo_core.errors import DataError
from zoo_core.interrupts import check

# Batches for each lane. A last one, which others have none beside, is a small part of a run then; until lanes have
# their first ones, nothing runs on the network.
_WORTH_BATCHES = 16
# Batches given out beyond those that are worked on: a lane that has done its own never waits.
_AHEAD = 2
_SECONDS = 0.1  # between two looks, while a batch is waited for


@dataclass
class _Done:
    """What a lane has made of the samples of a job; the call of the network is missing where there is nothing to run.

    arrays: what the network was given, as long as the slot was left to the batch.
    """

    results: list[Filled | DataError]
    slot: Slot
    arrays: list[np.ndarray] = field(default_factory=list)
    call: Call | None = None


@dataclass
class _Job:
    """A batch that a lane works on. at: the sample that it preprocesses, and since when; None: it does not."""

    samples: list[Sample]
    at: tuple[Sample, float] | None = None
    done: Future[_Done] = field(default_factory=lambda: Future[_Done]())


def lanes_fit(task: Task, engine: Runner, samples: int, batch_size: int, workers: int, processes: bool | None) -> bool:
    """Whether the batches of a run may go through lanes: as many workers as calls at once, on the same cores; samples
    that are preprocessed one by one, by threads, to rows of one shape; and batches enough."""
    plain = task.padding is None and task.many is None and not task.one_by_one
    if processes or task.python_bound or not plain or not isinstance(engine, Engine):
        return False
    enough = batches_in(task, samples, batch_size) >= _WORTH_BATCHES * workers
    return engine.on_cores and engine.parallel == workers and enough


class Lanes(Feeder):
    """Gives out batches in order, on which the network has run (`Batch.call`). Samples that cannot be read, and those
    that hang, are treated as `Feeder` treats them.

    Args:
        engine: runs the network, on the thread that calls it.
        given: as `Feeder` has them.
        options: as `Feeder` has them.
    """

    def __init__(self, engine: Runner, *given: Any, **options: Any):
        super().__init__(*given, **options)
        assert isinstance(engine, Engine)  # noqa: S101 - as `lanes_fit` has said
        self._engine = engine
        self._stopped = False
        self._begun = False  # whether a batch was given out: the arrays of the first one are kept

    def give_back(self, batch: Batch) -> None:
        """The slots are the lanes' own."""

    def _batches(self, samples: Sequence[Sample]) -> Generator[Batch, None, None]:
        plan = chunks(self._task, samples, self._batch_size)
        threads = Threads(self._task, self._count, self._batch_size, self._dtypes)
        jobs: deque[_Job] = deque()
        self._free = deque()
        try:
            while True:
                while len(jobs) < self._count + _AHEAD and (indices := next(plan, None)) is not None:
                    job = _Job([samples[index] for index in indices])
                    job.done = threads.pool.submit(self._run, job, threads)
                    jobs.append(job)
                if not jobs:
                    return
                batch = self._ended(jobs.popleft())
                if batch.samples:
                    self._begun = True
                    yield batch
        finally:
            self._stopped = True
            threads.close(wait=not self._hanging)

    def _run(self, job: _Job, threads: Threads) -> _Done:
        """In a lane: preprocess the samples of a batch, and run the network on those that could be read."""
        done = _Done([], self._slot(threads))
        for index, sample in enumerate(job.samples):
            if self._stopped:
                return done
            job.at = sample, time.monotonic()
            done.results.append(threads.alone(done.slot, index, sample))
        job.at = None
        good = [index for index, result in enumerate(done.results) if isinstance(result, Filled)]
        whole = len(good) == len(job.samples)
        if not good or (self.on_bad is None and not whole):
            self._free.append(done.slot)
            return done
        arrays = [array[: len(good)] if whole else array[good] for array in done.slot.arrays]
        done.call = self._engine.called(arrays)
        if self._begun and not _shares(done.call, arrays):
            self._free.append(done.slot)
        else:
            done.arrays = arrays
        return done

    def _slot(self, threads: Threads) -> Slot:
        try:
            return self._free.pop()
        except IndexError:  # not asked before: another lane might take the last one in between
            return threads.slot()

    def _ended(self, job: _Job) -> Batch:
        """Wait for a batch. Raises HangingError where one of its samples does not come to an end."""
        while not job.done.done():
            at = job.at
            if self.timeout is not None and at is not None and time.monotonic() - at[1] > self.timeout:
                self._hanging = True
                raise hanging(f"preprocessing of {at[0].id}", self.timeout)
            wait([job.done], _SECONDS)
            check()
        done = job.done.result()
        good, rows = self._readable(job.samples, done.results)
        return Batch(
            [job.samples[index] for index in good],
            done.arrays,
            [row.meta for row in rows],
            done.slot,
            sum(row.seconds for row in rows),
            sum(row.cpu_seconds for row in rows),
            done.call,
        )


def _shares(call: Call, arrays: Sequence[np.ndarray]) -> bool:
    """Whether an output may lie where the inputs do, which are written to again."""
    if call.exception() is not None:
        return True
    outputs = call.result()
    every = outputs if isinstance(outputs, list) else [outputs]
    return any(isinstance(one, np.ndarray) and np.may_share_memory(one, array) for one in every for array in arrays)
