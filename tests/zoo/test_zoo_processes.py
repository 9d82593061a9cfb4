"""Worker processes give what threads give, and end with the run, whatever ends it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from utils.datasets.sample import Sample
from zoo.errors import ZooError
from zoo.model import Model
from zoo.running.feeder import Batch, Feeder
from zoo.running.workers import SharedSlot, wanted
from zoo_core.errors import DataError


def rows(feeder: Feeder, samples: list[Sample]) -> list[tuple[list[str], list[np.ndarray]]]:
    found = []
    for batch in feeder.batches(samples):
        found.append(([sample.id for sample in batch.samples], [array.copy() for array in batch.arrays]))
        feeder.give_back(batch)
    return found


@pytest.fixture(scope="module")
def digits(lenet: Model) -> list[Sample]:
    return list(lenet.task.dataset(lenet.data("sample")))[:50]


def test_processes_and_threads_give_the_same_bits(lenet: Model, digits: list[Sample]) -> None:
    threads, processes = (rows(Feeder(lenet.task, 16, 2, processes=kind), digits) for kind in (False, True))
    assert [names for names, _ in threads] == [names for names, _ in processes]
    for (_, one), (_, other) in zip(threads, processes, strict=True):
        np.testing.assert_array_equal(one[0], other[0])


def test_unreadable_samples_are_named_or_left_out(lenet: Model, digits: list[Sample], tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    samples = [*digits[:5], Sample("broken", broken), *digits[5:9]]
    with pytest.raises(DataError, match="broken"):
        rows(Feeder(lenet.task, 4, 2, processes=True), samples)
    bad: list[str] = []
    feeder = Feeder(lenet.task, 4, 2, processes=True, on_bad=lambda sample, error: bad.append(sample.id))
    assert [name for names, _ in rows(feeder, samples) for name in names] == [sample.id for sample in digits[:9]]
    assert bad == ["broken"]


def test_a_killed_worker_ends_the_run_with_the_samples_names(lenet: Model, digits: list[Sample]) -> None:
    feeder = Feeder(lenet.task, 4, 1, processes=True)
    with pytest.raises(ZooError, match="a worker process ended"):
        for batch in feeder.batches(digits * 20):
            for child in multiprocessing.active_children():
                child.kill()
            feeder.give_back(batch)
    assert multiprocessing.active_children() == []


SCRIPT = """
import signal
import sys
from example.classification.lenet.model import MODEL as FAMILY
from zoo.running.feeder import Feeder
MODEL = FAMILY.variant()
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell runs in the background
    samples = list(MODEL.task.dataset(MODEL.data("sample"))) * 1000
    feeder = Feeder(MODEL.task, 4, 2, processes=True)
    for number, batch in enumerate(feeder.batches(samples)):
        feeder.give_back(batch)
        if number == 3:
            print("running", flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_no_worker_outlives_the_run(root: Path, tmp_path: Path, how: signal.Signals) -> None:
    (tmp_path / "long.py").write_text(SCRIPT)
    environ = os.environ | {"PYTHONPATH": str(root / "contrib")}
    with subprocess.Popen(
        [sys.executable, tmp_path / "long.py"],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "running\n"
        children = psutil.Process(run.pid).children(recursive=True)
        assert len(children) >= 2
        run.send_signal(how)
        run.wait(timeout=60)
    deadline = time.monotonic() + 30
    while any(child.is_running() and child.status() != "zombie" for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Python:
    """A task that says that its preprocessing is Python; `seconds` is what it takes."""

    padding = None
    python_bound = True

    def __init__(self, seconds: float):
        self.seconds = seconds

    def preprocess(self, data: int, out: Any = None) -> tuple[tuple[np.ndarray, ...], int]:
        time.sleep(self.seconds)
        return (np.array([data], np.float32),), data


def test_processes_are_taken_where_python_has_enough_to_do(lenet: Model, digits: list[Sample]) -> None:
    slow: Any = Python(0.01)
    quick: Any = Python(0.0)
    samples = [Sample(str(number), number) for number in range(1000)]
    assert wanted(None, slow, samples)
    assert not wanted(None, slow, samples[:9])
    assert not wanted(None, quick, samples)
    assert not wanted(None, lenet.task, digits * 1000)
    assert wanted(True, quick, samples)
    assert not wanted(False, slow, samples)


def test_a_task_that_cannot_be_packed_is_told(digits: list[Sample]) -> None:
    task: Any = Python(0.0)
    task.function = lambda: None
    with pytest.raises(ZooError, match="--processes False"):
        next(Feeder(task, 4, 2, processes=True).batches(digits))


def test_shared_memory_has_the_engines_precision_and_is_freed_with_the_slot() -> None:
    slot = SharedSlot(3, ["float16", None], (np.zeros((2, 2), np.float32), np.zeros(4, np.int64)))
    assert [(array.dtype.name, array.shape) for array in slot.arrays] == [("float16", (3, 2, 2)), ("int64", (3, 4))]
    paths = [place.path for place in slot.places]
    assert all(os.path.exists(path) for path in paths)
    batch = Batch([], [slot.arrays[0]], [], slot, 0.0, 0.0)
    kept = batch.arrays[0]
    del batch, slot
    assert not any("slot-" in os.readlink(path) for path in paths if os.path.exists(path))
    kept[...] = 1.0  # the memory lives as long as an array of it
