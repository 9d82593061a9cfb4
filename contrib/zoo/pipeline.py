"""The one path from a sample to a prediction, used by demo, folder, validation and verification alike.

Three things happen at the same time. Threads preprocess samples straight into the rows of batch slots, ahead of the
engine (`Feeder`). The engine works on the batches that were submitted to it. The caller's thread postprocesses
finished batches, in order, and counts them (`predictions`). The number of slots bounds every queue. Threads are
enough, because Pillow and numpy let other threads run while they decode, scale and look up.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np

from engine.backends.base import cores
from engine.base import Call, Engine
from utils.datasets.sample import Sample
from utils.errors import DataError

from .errors import ZooError
from .padding import Fixed, chunks, fixed_sizes, stacked
from .parity import as_list
from .task import Task

# Slots beside those in flight: one is postprocessed, one is ready, one is being filled.
_AHEAD = 3

OnBad = Callable[[Sample, DataError], None]
Row = tuple[np.ndarray, ...]


@dataclass
class Stages:
    """What `batches` batches of `samples` samples took, in seconds.

    The stages overlap, so that they add up to more than `end_to_end`, the time by the clock. preprocess and
    inference are summed over the threads that did them. cpu is the processor time of the whole process,
    preprocess_cpu and postprocess_cpu what these stages had of it. ready: a preprocessed batch, one array an input.
    """

    samples: int = 0
    batches: int = 0
    preprocess: float = 0.0
    inference: float = 0.0
    postprocess: float = 0.0
    end_to_end: float = 0.0
    preprocess_cpu: float = 0.0
    postprocess_cpu: float = 0.0
    cpu: float = 0.0
    ready: list[np.ndarray] = field(default_factory=list, repr=False)

    def throughput(self) -> float:
        """Samples a second, end to end."""
        return self.samples / self.end_to_end if self.end_to_end else 0.0

    def to_json(self) -> dict[str, float]:
        figures = {name: value for name, value in vars(self).items() if name != "ready"}
        return figures | {"throughput": self.throughput()}

    def summary(self) -> str:
        """The line that CI looks for: sums and averages a batch, in seconds; samples a second."""
        batches = max(self.batches, 1)
        return (
            f"summary: avg_sps: {self.throughput():.6g}, e2e_time: {self.end_to_end:.6g}, "
            f"avg_inference_time: {self.inference / batches:.6g}, avg_preprocess_time: "
            f"{self.preprocess / batches:.6g}, "
            f"avg_postprocess: {self.postprocess / batches:.6g}"
        )


class Slot:
    """Room for one batch, used again and again. Its arrays are made when the first row arrives.

    dtypes: the precision that floating values of each input are to be stored in; None leaves them as they come.
    """

    def __init__(self, rows: int, dtypes: Sequence[str | None]):
        self.arrays: list[np.ndarray] = []
        self._rows = rows
        self._dtypes = dict(enumerate(dtypes))
        self._lock = Lock()

    def row(self, index: int) -> tuple[np.ndarray, ...] | None:
        """Where row `index` is to be written, or None while the shapes are not known."""
        return tuple(array[index, ...] for array in self.arrays) or None

    def put(self, index: int, arrays: Sequence[np.ndarray]) -> None:
        """Copy one sample into row `index`. Raises DataError when it has another shape than those before."""
        with self._lock:
            if not self.arrays:
                self.arrays = [self._room(number, array) for number, array in enumerate(arrays)]
        for row, array in zip(self.row(index) or (), arrays, strict=True):
            if row.shape != array.shape:
                raise DataError(f"preprocessing gave an array of {list(array.shape)}, others {list(row.shape)}")
            np.copyto(row, array, casting="same_kind")

    def _room(self, number: int, array: np.ndarray) -> np.ndarray:
        wanted = np.dtype(self._dtypes.get(number) or array.dtype)
        both_float = wanted.kind == array.dtype.kind == "f"
        return np.empty((self._rows, *array.shape), wanted if both_float else array.dtype)


@dataclass(frozen=True)
class Batch:
    """Preprocessed samples: `arrays` has one array an input, [rows, …]; they live in `slot` until it is used again."""

    samples: list[Sample]
    arrays: list[np.ndarray]
    metas: list[Any]
    slot: Slot


class Feeder:
    """Makes batches ahead of the caller, on `workers` threads, and gives them out in order.

    The caller returns a batch's slot with `give_back`; while no slot is free, nothing further is preprocessed. The
    last batch is as small as it is. A sample that cannot be read raises its DataError, or goes to `on_bad` and is
    left out; any other exception of the preprocessing becomes a ZooError. Both name the sample.

    Where the task pads, the rows of a batch differ in shape until the batch is complete: they are put together then.
    fixed, token_budget: as padding.stacked and padding.chunks have them.
    """

    def __init__(
        self,
        task: Task,
        batch_size: int,
        workers: int,
        *,
        slots: int = _AHEAD,
        dtypes: Sequence[str | None] = (),
        stages: Stages | None = None,
        on_bad: OnBad | None = None,
        fixed: Fixed = (),
        token_budget: int | None = None,
    ):
        self._task = task
        self._fixed = fixed
        self._token_budget = token_budget
        self._batch_size = batch_size
        self._workers = workers
        self._free = deque(Slot(batch_size, dtypes) for _ in range(slots))
        self._dtypes = dtypes
        self._stages = stages or Stages()
        self._on_bad = on_bad

    def give_back(self, batch: Batch) -> None:
        """The arrays of `batch` are not needed any more."""
        self._free.append(batch.slot)

    def batches(self, samples: Sequence[Sample]) -> Iterator[Batch]:
        """The batches of `samples`. When the caller stops early, the threads end with the sample they are at."""
        plan = chunks(self._task, samples, self._batch_size, self._token_budget)
        filling: deque[tuple[Slot, list[Sample], list[Future[Any]]]] = deque()
        pool = ThreadPoolExecutor(self._workers, thread_name_prefix="preprocess")
        try:
            while True:
                while (self._free or not filling) and (indices := next(plan, None)) is not None:
                    chunk = [samples[index] for index in indices]
                    slot = self._free.popleft() if self._free else Slot(self._batch_size, self._dtypes)
                    rows = [pool.submit(self._fill, slot, row, sample) for row, sample in enumerate(chunk)]
                    filling.append((slot, chunk, rows))
                if not filling:
                    return
                batch = self._collected(*filling.popleft())
                if batch.samples:
                    yield batch
                else:
                    self.give_back(batch)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _fill(self, slot: Slot, index: int, sample: Sample) -> tuple[Row, Any, float, float]:
        """Preprocess one sample into its row; returns the row where it has to wait for the others, its meta, seconds
        and processor seconds. Runs on a worker."""
        start, start_cpu = time.perf_counter(), time.thread_time()
        row = slot.row(index)
        waits = self._task.padding is not None
        try:
            arrays, meta = self._task.preprocess(sample.data, row)
            if not waits and (row is None or any(one is not place for one, place in zip(arrays, row, strict=True))):
                slot.put(index, arrays)
        except DataError as error:
            raise error if sample.id in str(error) else DataError(f"{sample.id}: {error}") from error
        except Exception as error:
            # preprocessing is a model's own code, which may raise anything
            raise ZooError(f"preprocessing of {sample.id} failed: {type(error).__name__}: {error}") from error
        return arrays if waits else (), meta, time.perf_counter() - start, time.thread_time() - start_cpu

    def _collected(self, slot: Slot, samples: list[Sample], rows: list[Future[Any]]) -> Batch:
        """Wait for every row of a slot. Rows that could not be read are closed up."""
        wait(rows, return_when=FIRST_EXCEPTION)  # woken once, and not for every row
        good: list[int] = []
        waiting: list[Row] = []
        metas: list[Any] = []
        for index, (sample, row) in enumerate(zip(samples, rows, strict=True)):
            try:
                arrays, meta, seconds, cpu_seconds = row.result()
            except DataError as error:
                if self._on_bad is None:
                    raise
                self._on_bad(sample, error)
                continue
            good.append(index)
            waiting.append(arrays)
            metas.append(meta)
            self._stages.preprocess += seconds
            self._stages.preprocess_cpu += cpu_seconds
        return Batch([samples[index] for index in good], self._together(slot, waiting, good, len(samples)), metas, slot)

    def _together(self, slot: Slot, waiting: list[Row], good: list[int], rows: int) -> list[np.ndarray]:
        if self._task.padding is not None:
            return stacked(waiting, self._task.padding, self._fixed, self._dtypes)
        return [array[:rows] if len(good) == rows else array[good] for array in slot.arrays]


def batches(
    task: Task, samples: Sequence[Sample], batch_size: int, workers: int | None = None, fixed: Fixed = ()
) -> Iterator[Batch]:
    """Preprocessed batches, in order; the arrays of one are valid until the next is asked for."""
    feeder = Feeder(task, batch_size, workers or cores(), fixed=fixed)
    for batch in feeder.batches(samples):
        yield batch
        feeder.give_back(batch)


def predictions(
    task: Task,
    engine: Engine,
    samples: Sequence[Sample],
    batch_size: int,
    stages: Stages,
    *,
    workers: int | None = None,
    warm_up: int = 0,
    skip_postprocess: bool = False,
    on_bad: OnBad | None = None,
    token_budget: int | None = None,
) -> Iterator[tuple[list[Sample], list[Any]]]:
    """For each batch, its samples and their predictions (none when skipping postprocessing); times go to `stages`.

    One batch more than the engine runs at once is submitted ahead, so that it never waits for this thread. A
    batch of the first sample runs `warm_up` times beforehand, outside of every figure. workers: threads that
    preprocess, by default as many as there are cores. token_budget: as padding.chunks has it.
    """
    if task.play is not None:
        yield from _played(task, engine, samples, batch_size, stages, warm_up)
        return
    in_flight = engine.parallel + 1
    # only to what was asked for: a float16 file under --dtype float32 is refused by the engine
    dtypes = [spec.dtype if spec.dtype == engine.dtype else None for spec in engine.inputs]
    feeder = Feeder(
        task,
        batch_size,
        workers or cores(),
        slots=in_flight + _AHEAD,
        dtypes=dtypes,
        stages=stages,
        on_bad=on_bad,
        fixed=fixed_sizes([engine]),
        token_budget=token_budget,
    )
    if warm_up:
        _warm_up(task, engine, samples[0], min(batch_size, len(samples)), warm_up)
    pending: deque[tuple[Batch, Call]] = deque()
    clock = _Clock(stages)
    try:
        for batch in feeder.batches(samples):
            pending.append((batch, engine.submit(batch.arrays)))
            stages.ready = stages.ready or batch.arrays
            if len(pending) > in_flight:
                yield _finished(task, pending.popleft(), feeder, stages, skip_postprocess)
                clock.read()
        while pending:
            yield _finished(task, pending.popleft(), feeder, stages, skip_postprocess)
            clock.read()
    finally:
        for _, call in pending:
            call.cancel()


def _finished(
    task: Task, pending: tuple[Batch, Call], feeder: Feeder, stages: Stages, skip_postprocess: bool
) -> tuple[list[Sample], list[Any]]:
    """Wait for a submitted batch, postprocess it and give its slot back."""
    batch, call = pending
    outputs = as_list(call.result())
    start, start_cpu = time.perf_counter(), time.thread_time()
    try:
        found = [] if skip_postprocess else task.postprocess(outputs, batch.metas)
    except DataError as error:
        raise DataError(f"batch of {batch.samples[0].id} to {batch.samples[-1].id}: {error}") from error
    stages.postprocess += time.perf_counter() - start
    stages.postprocess_cpu += time.thread_time() - start_cpu
    stages.inference += call.run_time
    stages.batches += 1
    stages.samples += len(batch.samples)
    feeder.give_back(batch)
    return batch.samples, found


class _Clocked:
    """An engine for closed loops: calls go through, and their time is added up."""

    def __init__(self, engine: Engine):
        self._engine = engine
        self.seconds = 0.0

    def __call__(self, inputs: Any) -> Any:
        outputs = self._engine(inputs)
        self.seconds += self._engine.run_time
        return outputs


def _played(
    task: Task, engine: Engine, samples: Sequence[Sample], batch_size: int, stages: Stages, warm_up: int
) -> Iterator[tuple[list[Sample], list[Any]]]:
    """As predictions, for a closed loop: what is not the network's time counts as postprocessing."""
    if warm_up:
        _warm_up(task, engine, samples[0], min(batch_size, len(samples)), warm_up)
    stages.ready = next(batches(task, samples[:batch_size], batch_size)).arrays
    clock = _Clock(stages)
    for indices in chunks(task, samples, batch_size):
        batch = [samples[index] for index in indices]
        clocked = _Clocked(engine)
        start, start_cpu = time.perf_counter(), time.thread_time()
        found = task.play(clocked, batch) if task.play else []
        stages.postprocess += time.perf_counter() - start - clocked.seconds
        stages.postprocess_cpu += max(time.thread_time() - start_cpu - clocked.seconds, 0.0)
        stages.inference += clocked.seconds
        stages.batches += 1
        stages.samples += len(batch)
        clock.read()
        yield batch, found


def _warm_up(task: Task, engine: Engine, sample: Sample, rows: int, times: int) -> None:
    for batch in batches(task, [sample] * rows, rows, fixed=fixed_sizes([engine])):
        for call in [engine.submit(batch.arrays) for _ in range(times * engine.parallel)]:
            call.result()


class _Clock:
    """Writes to `stages` what has passed since the clock was made."""

    def __init__(self, stages: Stages):
        self._stages = stages
        self._start, self._start_cpu = time.perf_counter(), time.process_time()

    def read(self) -> None:
        self._stages.end_to_end = time.perf_counter() - self._start
        self._stages.cpu = time.process_time() - self._start_cpu
