"""The one path from a sample to a prediction, used by demo, folder, validation and verification alike.

Three things happen at the same time. Workers preprocess samples straight into the rows of batch slots, ahead of the
engine (`feeder.Feeder`). The engine works on the batches that were submitted to it. The caller's thread postprocesses
finished batches, in order, and counts them (`predictions`). The number of slots bounds every queue.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from engine.base import Call
from utils.datasets.sample import Sample
from zoo.running.feeder import AHEAD, Batch, Feeder, OnBad
from zoo.running.lanes import Lanes, lanes_fit
from zoo.running.network import Runner
from zoo.running.outputs import Lost, postprocessed
from zoo.running.padding import Fixed, chunks, fixed_sizes, typical
from zoo.task import Task, as_list
from zoo_core.errors import DataError
from zoo_core.interrupts import stepwise, wait_for
from zoo_core.machine import cores


@dataclass
class Stages:
    """What `batches` batches of `samples` samples took, in seconds.

    The stages overlap, so that they add up to more than `end_to_end`, the time by the clock. preprocess and
    inference are summed over the workers that did them. cpu is the processor time of the whole run, preprocess_cpu and
    postprocess_cpu what these stages had of it. ready: a preprocessed batch, one array an input.
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


def batches(
    task: Task,
    samples: Sequence[Sample],
    batch_size: int,
    workers: int | None = None,
    fixed: Fixed = (),
    timeout: float | None = None,
) -> Iterator[Batch]:
    """Preprocessed batches, in order; the arrays of one are valid until the next is asked for."""
    feeder = Feeder(task, batch_size, workers or cores(), fixed=fixed, timeout=timeout)
    for batch in feeder.batches(samples):
        yield batch
        feeder.give_back(batch)


def predictions(
    task: Task,
    engine: Runner,
    samples: Sequence[Sample],
    batch_size: int,
    stages: Stages,
    *,
    workers: int | None = None,
    warm_up: int = 0,
    skip_postprocess: bool = False,
    on_bad: OnBad | None = None,
    token_budget: int | None = None,
    processes: bool | None = None,
    timeout: float | None = None,
) -> Iterator[tuple[list[Sample], list[Any]]]:
    """For each batch, its samples and their predictions (none when skipping postprocessing); times go to `stages`.

    One batch more than the engine runs at once is submitted ahead, so that it never waits for this thread. Where the
    network runs on the cores that preprocess too, one thread does both for a batch (`lanes.Lanes`).

    Args:
        task: what is done with a sample before and after the network.
        engine: runs the network.
        samples: in the order in which they are run.
        batch_size: the most rows of a batch.
        stages: its times are added to.
        workers: threads that preprocess; by default as many as there are cores.
        warm_up: how often a batch of the first sample runs beforehand, outside of every figure.
        skip_postprocess: whether outputs are left as they are, and no prediction is given.
        on_bad: told of each sample that cannot be read, or of which the network gives what cannot be used; without it,
            such a sample ends the run. So does a network that gives nothing usable of any sample.
        token_budget: as padding.chunks has it.
        processes, timeout: as Feeder has them.
    """
    if task.play is not None:
        return _played(task, engine, samples, batch_size, stages, warm_up, timeout)
    # only to what was asked for: a float16 file under --dtype float32 is refused by the engine
    dtypes = [spec.dtype if spec.dtype == engine.dtype else None for spec in engine.inputs]
    workers = workers or cores()
    lanes = lanes_fit(task, engine, len(samples), batch_size, workers, processes)
    feeder = (partial(Lanes, engine) if lanes else Feeder)(
        task,
        batch_size,
        workers,
        slots=engine.parallel + 1 + AHEAD,
        dtypes=dtypes,
        on_bad=on_bad,
        fixed=fixed_sizes([engine]),
        token_budget=token_budget,
        processes=processes,
        timeout=timeout,
    )
    return stepwise(
        _overlapped(task, engine, samples, feeder, stages, min(batch_size, len(samples)), warm_up, skip_postprocess)
    )


def _overlapped(
    task: Task,
    engine: Runner,
    samples: Sequence[Sample],
    feeder: Feeder,
    stages: Stages,
    rows: int,
    warm_up: int,
    skip_postprocess: bool,
) -> Generator[tuple[list[Sample], list[Any]], None, None]:
    """As predictions; `rows` of the first sample warm up."""
    if warm_up:
        _warm_up(task, engine, samples[0], rows, warm_up, feeder.timeout)
    in_flight = engine.parallel + 1
    pending: deque[tuple[Batch, Call]] = deque()
    first, representative = 0, typical(task, samples)
    clock, lost = _Clock(stages), Lost(task, engine, feeder, samples)
    try:
        for batch in feeder.batches(samples):
            pending.append((batch, batch.call or engine.submit(batch.arrays)))
            if not stages.ready or first <= representative < first + len(batch.samples):
                stages.ready = batch.arrays
            first += len(batch.samples)
            while pending and (len(pending) > in_flight or pending[0][1].done()):
                yield _finished(task, pending.popleft(), feeder, stages, skip_postprocess, lost)
                clock.read(feeder.elsewhere)
        while pending:
            yield _finished(task, pending.popleft(), feeder, stages, skip_postprocess, lost)
            clock.read(feeder.elsewhere)
        lost.require_some()
    finally:
        for _, call in pending:
            call.cancel()


def _finished(
    task: Task, pending: tuple[Batch, Call], feeder: Feeder, stages: Stages, skip_postprocess: bool, lost: Lost
) -> tuple[list[Sample], list[Any]]:
    """Wait for a submitted batch, postprocess it and give its slot back."""
    batch, call = pending
    wait_for([call])
    outputs, samples = as_list(call.result()), batch.samples
    start, start_cpu = time.perf_counter(), time.thread_time()
    try:
        found = [] if skip_postprocess else postprocessed(task, outputs, batch, feeder.timeout)
        lost.any_usable = True
    except DataError as error:
        samples, found = lost.found_alone(batch, error)
        start, start_cpu = time.perf_counter(), time.thread_time()  # what that took is no postprocessing
    stages.postprocess += time.perf_counter() - start
    stages.postprocess_cpu += time.thread_time() - start_cpu
    stages.preprocess += batch.seconds
    stages.preprocess_cpu += batch.cpu_seconds
    stages.inference += call.run_time
    stages.batches += 1
    stages.samples += len(samples)
    feeder.give_back(batch)
    return samples, found


class _Clocked:
    """An engine for closed loops: calls go through, and their time is added up."""

    def __init__(self, engine: Runner):
        self._engine = engine
        self.seconds = 0.0
        self.cpu_seconds = 0.0

    def __call__(self, inputs: Any) -> Any:
        start_cpu = time.thread_time()
        outputs = self._engine(inputs)
        self.cpu_seconds += time.thread_time() - start_cpu
        self.seconds += self._engine.run_time
        return outputs


def _played(
    task: Task,
    engine: Runner,
    samples: Sequence[Sample],
    batch_size: int,
    stages: Stages,
    warm_up: int,
    timeout: float | None,
) -> Iterator[tuple[list[Sample], list[Any]]]:
    """As predictions, for a closed loop: what is not the network's time counts as postprocessing."""
    if not samples:
        return
    if warm_up:
        _warm_up(task, engine, samples[0], min(batch_size, len(samples)), warm_up, timeout)
    stages.ready = next(batches(task, samples[:batch_size], batch_size, timeout=timeout)).arrays
    clock = _Clock(stages)
    for indices in chunks(task, samples, batch_size):
        batch = [samples[index] for index in indices]
        clocked = _Clocked(engine)
        start, start_cpu = time.perf_counter(), time.thread_time()
        found = task.play(clocked, batch) if task.play else []
        stages.postprocess += time.perf_counter() - start - clocked.seconds
        stages.postprocess_cpu += time.thread_time() - start_cpu - clocked.cpu_seconds
        stages.inference += clocked.seconds
        stages.batches += 1
        stages.samples += len(batch)
        clock.read()
        yield batch, found


def _warm_up(task: Task, engine: Runner, sample: Sample, rows: int, times: int, timeout: float | None = None) -> None:
    for batch in batches(task, [sample] * rows, rows, fixed=fixed_sizes([engine]), timeout=timeout):
        for call in [engine.submit(batch.arrays) for _ in range(times * engine.parallel)]:
            wait_for([call])
            call.result()


class _Clock:
    """Writes to `stages` what has passed since the clock was made."""

    def __init__(self, stages: Stages):
        self._stages = stages
        self._start, self._start_cpu = time.perf_counter(), time.process_time()

    def read(self, elsewhere: float = 0.0) -> None:
        """Note the time until now, and the processor seconds of worker processes (`elsewhere`)."""
        self._stages.end_to_end = time.perf_counter() - self._start
        self._stages.cpu = time.process_time() - self._start_cpu + elsewhere
