"""A thread that both preprocesses a batch and runs the network on it: the same results, order, errors and bounds."""

from __future__ import annotations

import re
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backends.base import Session
from engine.base import Engine, ReleasedError, RunError, ShapeError
from engine.spec import TensorSpec
from tests.zoo.numbered import Numbers, numbered
from utils.datasets.sample import Sample
from zoo.errors import HangingError, ZooError
from zoo.manifest import Exported
from zoo.model import Model
from zoo.running import lanes
from zoo.running.lanes import lanes_fit
from zoo.running.pipeline import Stages, predictions
from zoo_core.errors import DataError

SAMPLES = 60


@pytest.fixture(scope="module")
def digits(lenet: Model) -> list[Sample]:
    return list(lenet.task.dataset(lenet.data("sample")))[:SAMPLES]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("preprocess")] == []


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of these few samples go through lanes."""
    monkeypatch.setattr(lanes, "_WORTH_BATCHES", 1)


class Doubling(Session):
    """Gives twice its input, or what `run` is replaced by; two calls at once on the threads that call."""

    inputs = (TensorSpec("input", "float32", ("batch", 3)),)
    outputs = (TensorSpec("output", "float32", ("batch", 3)),)
    parallel, on_cores = 2, True

    def __init__(self, change: Callable[[np.ndarray], np.ndarray] = lambda array: array * 2):
        self.change = change
        self.threads: set[str] = set()

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        self.threads.add(threading.current_thread().name)
        return [self.change(arrays[0])]


def run(task: Any, count: int, session: Doubling | None = None, **options: Any) -> list[Any]:
    with Engine.from_session(session or Doubling(), "none", "none") as engine:
        steps = predictions(task, engine, numbered(count), 4, Stages(), workers=2, **options)
        return [one for _, some in steps for one in some]


@pytest.mark.parametrize(("batch_size", "streams"), [(1, 2), (7, 2), (16, 2), (4, 3)])
def test_results_are_those_of_workers_and_streams_to_the_bit(
    lenet: Model,
    lenet_export: Exported,
    digits: list[Sample],
    batch_size: int,
    streams: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, figures = [], []
    for worth in (1, 1_000):
        monkeypatch.setattr(lanes, "_WORTH_BATCHES", worth)
        stages = Stages()
        with Engine(lenet_export.dynamic, streams=streams) as engine:
            fit = lanes_fit(lenet.task, engine, len(digits), batch_size, streams, None)
            assert fit == (worth == 1)
            found.append(list(predictions(lenet.task, engine, digits, batch_size, stages, workers=streams, warm_up=1)))
        figures.append((stages.samples, stages.batches, [array.shape for array in stages.ready]))
        assert min(stages.preprocess, stages.inference, stages.preprocess_cpu, stages.cpu) > 0
    assert found[0] == found[1]  # rankings hold the scores as floats: equal means equal to the bit
    assert figures[0] == figures[1]


def test_the_network_runs_on_the_threads_that_preprocess() -> None:
    session = Doubling()
    assert run(Numbers(), 50, session) == [(n, 6.0 * n) for n in range(50)]
    assert session.threads
    assert all(name.startswith("preprocess") for name in session.threads)


def test_an_output_that_lies_where_the_input_does_is_not_written_over() -> None:
    assert run(Numbers(), 50, Doubling(lambda array: array)) == [(n, 3.0 * n) for n in range(50)]


def test_samples_that_cannot_be_read_are_left_out_or_end_the_run() -> None:
    raises: dict[int, Exception] = {n: DataError(f"number-{n}: odd") for n in (0, 1, 2, 3, 9, 21)}  # the first batch
    bad: list[str] = []
    found = run(Numbers(raises), 40, on_bad=lambda sample, error: bad.append(f"{sample.id}: {error}"))
    assert found == [(n, 6.0 * n) for n in range(40) if n not in raises]
    assert bad == [f"number-{n}: number-{n}: odd" for n in raises]
    with pytest.raises(DataError, match="number-9: odd"):
        run(Numbers({9: raises[9], 21: raises[21]}), 40)
    with pytest.raises(ZooError, match="preprocessing of number-9 failed: KeyError"):
        run(Numbers({9: KeyError("x")}), 40)


class Sound(Numbers):
    """Refuses a batch with NaN, as the tasks do."""

    def postprocess(self, outputs: Any, metas: Any) -> Any:
        if np.isnan(outputs[0]).any():
            raise DataError("the network gave NaN")
        return super().postprocess(outputs, metas)


@pytest.mark.parametrize("worth", [1, 1_000])  # lanes, and workers with streams
def test_a_sample_of_which_the_network_gives_nan_is_left_out_or_ends_the_run(
    monkeypatch: pytest.MonkeyPatch, worth: int
) -> None:
    def spoilt(array: np.ndarray) -> np.ndarray:
        return np.where(np.isin(array, lost), np.nan, array * 2).astype(np.float32)

    monkeypatch.setattr(lanes, "_WORTH_BATCHES", worth)
    lost: Any = (0, 1, 2, 3, 9, 39)  # all of the first batch
    bad: dict[str, str] = {}
    found = run(Sound(), 40, Doubling(spoilt), on_bad=lambda sample, error: bad.update({sample.id: str(error)}))
    assert found == [(n, 6.0 * n) for n in range(40) if n not in lost]
    assert bad == {f"number-{n}": "the network gave NaN" for n in lost}
    with pytest.raises(DataError, match="batch of number-0 to number-3: the network gave NaN"):
        run(Sound(), 40, Doubling(spoilt))


@pytest.mark.parametrize("count", [3, 4_000])
def test_a_network_that_gives_nothing_usable_ends_the_run(count: int) -> None:
    task, bad = Sound(), list[Sample]()
    with pytest.raises(DataError, match=r"batch of number-0 to number-[23]: the network gave NaN"):
        run(task, count, Doubling(lambda array: array * np.nan), on_bad=lambda sample, error: bad.append(sample))
    assert len(bad) == min(count, 16)
    assert task.seen < 100


def test_the_first_samples_having_nothing_usable_end_no_run() -> None:
    bad: list[Sample] = []
    first = Doubling(lambda array: np.where(array < 40, np.nan, array * 2).astype(np.float32))
    found = run(Sound(), 400, first, on_bad=lambda sample, error: bad.append(sample))
    assert found == [(n, 6.0 * n) for n in range(40, 400)]
    assert [sample.data for sample in bad] == [*range(40)]


def test_the_network_failing_ends_the_run() -> None:
    def broken(array: np.ndarray) -> np.ndarray:
        if array[0, 0] >= 20:
            raise ValueError("out of order")
        return array * 2

    with pytest.raises(RunError, match="out of order"):
        run(Numbers(), 40, Doubling(broken))


def test_little_is_done_ahead_and_an_early_end_stops_it() -> None:
    task: Any = Numbers()
    with Engine.from_session(Doubling(), "none", "none") as engine:
        steps = predictions(task, engine, numbered(4_000), 4, Stages(), workers=2)
        next(steps)
        time.sleep(0.3)
        assert task.seen <= 6 * 4
        steps.close()  # type: ignore[attr-defined]
    assert task.seen <= 6 * 4


def test_a_sample_that_hangs_is_named_and_one_that_takes_its_time_is_waited_for() -> None:
    release = threading.Event()

    class Hanging(Numbers):
        def preprocess(self, data: int, out: Any = None) -> Any:
            if data == 13:
                release.wait(60)
            return super().preprocess(data, out)

    try:
        with pytest.raises(HangingError, match=re.escape("preprocessing of number-13 did not end within 0.3 s")):
            run(Hanging(), 400, timeout=0.3)
    finally:
        release.set()
        for thread in threading.enumerate():
            if thread.name.startswith("preprocess"):
                thread.join(30)

    def slow(array: np.ndarray) -> np.ndarray:
        time.sleep(0.5)
        return array * 2

    assert len(run(Numbers(), 12, Doubling(slow), timeout=0.3)) == 12  # the network is no sample


def test_memory_does_not_grow_with_the_data_set() -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            with Engine.from_session(Doubling(), "none", "none") as engine:
                for _ in predictions(task, engine, numbered(count), 4, Stages(), workers=2):
                    pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    task: Any = Numbers()
    peak(40)
    assert peak(2_000) - peak(200) < 1_800 * 400  # the samples themselves


def test_lanes_are_for_networks_on_the_cores_and_for_runs_of_many_batches(
    lenet: Model, lenet_export: Exported, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.undo()
    task: Any = Numbers()
    with Engine.from_session(Doubling(), "none", "none") as engine:
        assert lanes_fit(task, engine, 128, 4, 2, None)
        assert not lanes_fit(task, engine, 120, 4, 2, None)
        assert not lanes_fit(task, engine, 128, 4, 3, None)
        assert not lanes_fit(task, engine, 128, 4, 2, True)
        for name, value in (("padding", (0.0,)), ("many", list), ("one_by_one", True), ("python_bound", True)):
            other: Any = Numbers()
            setattr(other, name, value)
            assert not lanes_fit(other, engine, 128, 4, 2, None)
    for streams, threads, fit in ((1, 1, False), (2, 1, True), (2, 2, False)):
        with Engine(lenet_export.dynamic, streams=streams, options={"threads": threads}) as engine:
            assert lanes_fit(lenet.task, engine, 10_000, 4, streams, None) == fit


def test_a_call_of_the_engine_on_this_thread_is_done() -> None:
    with Engine.from_session(Doubling(), "none", "none") as engine:
        call = engine.called(np.ones((2, 3), np.float32))
        assert call.done()
        assert call.result().tolist() == [[2.0] * 3] * 2
        assert call.run_time > 0
        with pytest.raises(ShapeError, match="takes 2 dimensions"):
            engine.called(np.ones(3, np.float32))
    with pytest.raises(ReleasedError):
        engine.called(np.ones((2, 3), np.float32))
