"""A network of several parts behind the interface of an engine, and a record of what its parts are given."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from engine.base import Call, Engine
from engine.spec import TensorSpec
from zoo.task import Task, as_list
from zoo_core.interrupts import Uninterrupted


class Network:
    """The engines of a network's parts, run as the task says. Used like an `Engine`.

    Args:
        task: `Task.run` leads the data from part to part.
        engines: by the name of the part, in the order of `Model.parts`.
    """

    def __init__(self, task: Task, engines: Mapping[str, Engine]):
        self._task = task
        self.engines = dict(engines)
        entry = next(iter(self.engines.values()))
        self.inputs: tuple[TensorSpec, ...] = (*entry.inputs, *task.beside)
        self.backend = " + ".join(dict.fromkeys(engine.backend for engine in self.engines.values()))
        self.target, self.dtype = entry.target, entry.dtype
        self.parallel = min(engine.parallel for engine in self.engines.values())
        self.run_time = 0.0
        self._pool = ThreadPoolExecutor(self.parallel, thread_name_prefix="network")

    def __call__(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        """What `Task.run` gives for one batch; `run_time` is then the seconds that the parts took."""
        outputs, self.run_time = self._timed(arrays)
        return outputs

    def submit(self, arrays: list[np.ndarray]) -> Call:
        """Start a call and return its future, whose `run_time` are the seconds that the parts took."""
        call = Call()
        with Uninterrupted():
            self._pool.submit(self._fulfil, call, arrays)
        return call

    def _fulfil(self, call: Call, arrays: list[np.ndarray]) -> None:
        if not call.set_running_or_notify_cancel():
            return
        try:
            outputs, call.run_time = self._timed(arrays)
        except BaseException as error:
            call.set_exception(error)
        else:
            call.set_result(outputs)

    def _timed(self, arrays: list[np.ndarray]) -> tuple[list[np.ndarray], float]:
        taken: list[float] = []

        def run(engine: Engine, given: list[np.ndarray]) -> Any:
            start = time.perf_counter()
            found = engine(given)
            taken.append(time.perf_counter() - start)
            return found

        outputs = self._task.run({name: partial(run, engine) for name, engine in self.engines.items()}, arrays)
        return outputs, sum(taken)

    def release(self) -> None:
        """Give back what the engines hold, after the calls that are in flight."""
        self._pool.shutdown(wait=True)
        for engine in self.engines.values():
            engine.release()

    def __enter__(self) -> Network:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


# What a pipeline runs a batch on
Runner = Engine | Network


def network_of(task: Task, engines: Mapping[str, Engine]) -> Runner:
    """The engines as one: the engine itself where there is one, and the task does nothing but call it."""
    if len(engines) == 1 and type(task).run is Task.run:
        return next(iter(engines.values()))
    return Network(task, engines)


def engines_of(runner: Runner) -> dict[str, Engine]:
    """The engine of each part, by the part's name ("" for an only part)."""
    return runner.engines if isinstance(runner, Network) else {"": runner}


@dataclass(frozen=True)
class PartCall:
    """What one part was given, and what it gave."""

    part: str
    inputs: list[np.ndarray]
    outputs: list[np.ndarray]


class _Recorder:
    """Runs one part, and keeps some of its calls: the 1st, 2nd, 4th, 8th … and the last one.

    A loop over a step with a cache that grows would fill the memory otherwise.
    """

    def __init__(self, name: str, engine: Engine):
        self._name, self._engine = name, engine
        self._count = 0
        self._kept: list[PartCall] = []
        self._last: PartCall | None = None

    def __call__(self, given: list[np.ndarray]) -> Any:
        inputs = [array.copy() for array in given]  # the task may write to its own
        found = self._engine(inputs)
        self._count += 1
        self._last = PartCall(self._name, inputs, [array.copy() for array in as_list(found)])
        if not self._count & (self._count - 1):
            self._kept.append(self._last)
            self._last = None
        return found

    @property
    def calls(self) -> list[PartCall]:
        return self._kept + ([self._last] if self._last else [])


def recorded(task: Task, runner: Runner, arrays: list[np.ndarray]) -> tuple[list[np.ndarray], list[PartCall]]:
    """Run a batch, and tell what each part was given on the way.

    Returns:
        (what `Task.run` gives, the calls of the parts, part by part: of one that is called often, some, see _Recorder).
    """
    parts = {name: _Recorder(name, engine) for name, engine in engines_of(runner).items()}
    outputs = task.run(parts, arrays)
    return outputs, [call for part in parts.values() for call in part.calls]


def replayed(runner: Runner, call: PartCall) -> list[np.ndarray]:
    """What a part of `runner` gives for what the same part of another network was given."""
    return as_list(engines_of(runner)[call.part](call.inputs))
