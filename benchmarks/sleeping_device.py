"""A device that only sleeps, 15.3 ms for a batch of 64: is every core of the host used for preprocessing?

Claim: at least 0.95 of cores x one core's preprocessing rate, for 1 and 2 cores.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from _common import by_processor_time, claim, in_turns, load, machine, write_pictures
from engine.backends.base import Session
from engine.base import Engine
from engine.spec import TensorSpec
from utils.datasets.sample import Sample
from zoo.running.pipeline import Stages, predictions
from zoo.task import Task

# runs are long beside what starting one costs: its slots are new memory
BATCH, SECONDS, ROUNDS, REPEAT = 64, 0.0153, 5, 3


class Sleeping(Session):
    """Gives zeros."""

    inputs = (TensorSpec("input", "float32", ("batch", 3, 224, 224)),)
    outputs = (TensorSpec("output", "float32", ("batch", 1000)),)

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        time.sleep(SECONDS * len(arrays[0]) / BATCH)
        return [np.zeros((len(arrays[0]), 1000), np.float32)]


def one_core(task: Task, samples: Sequence[Sample]) -> float:
    """Images a second that one core preprocesses, by the processor's clock, into a batch that is there already."""
    batch = np.full((BATCH, 3, 224, 224), 0, np.float32)
    start = time.thread_time()
    for number, sample in enumerate(samples):
        task.preprocess(sample.data, (batch[number % BATCH],))
    return len(samples) / (time.thread_time() - start)


def pipeline(task: Task, samples: Sequence[Sample], use: set[int], rates: list[float]) -> float:
    """Images a second on the cores `use`; those a second of processor time go to `rates`."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, use)  # threads that are started from here on inherit it
    try:
        stages = Stages()
        with Engine.from_session(Sleeping(), "sleeping", "sleeping") as engine:
            for _ in predictions(task, engine, samples, BATCH, stages):
                pass
        rates.append(stages.samples / stages.cpu)
        return stages.throughput()
    finally:
        os.sched_setaffinity(0, before)


def main() -> int:
    """Print the medians and the ratios; 1 if a claim does not hold."""
    machine()
    good = True
    task = load("classification/resnet").task
    everything = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        samples = list(task.dataset(write_pictures(Path(folder))))
        for count in (1, 2):
            if len(everything) < count:
                continue
            rates: list[float] = []
            jobs = {
                "pipeline": partial(pipeline, task, samples * REPEAT, set(everything[:count]), rates),
                "one core": partial(one_core, task, samples[: len(samples) // 2]),
            }
            found = in_turns(ROUNDS, jobs)
            print(f"{count} core{'s' * (count > 1)}")
            found.show("images/s")
            name = "pipeline / (cores x one core)"
            good &= claim(found, "pipeline", "one core", low=0.95, share=1 / count, name=name)
            by_processor_time(rates, found.figures["one core"])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
