"""Inputs of variable length: which samples share a batch, how they are filled up, and that order and results stay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backends.base import Session
from engine.base import Engine
from engine.spec import TensorSpec
from utils.datasets.sample import Sample
from utils.metrics.base import Metric
from zoo.difference import Spread
from zoo.errors import CheckFailedError
from zoo.running.feeder import Feeder
from zoo.running.padding import arranged, chunks, fixed_sizes, stacked
from zoo.running.pipeline import Stages, batches, predictions
from zoo.task import Task
from zoo_core.errors import DataError


class Ones(Task):
    """Sample n becomes n ones; padding is -1. The prediction is the sum of what is not padding, and the row's size."""

    padding = (-1.0,)

    def preprocess(self, data: int, out: Any = None) -> tuple[tuple[np.ndarray, ...], int]:
        return (np.ones(data, np.float32),), data

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[Any]:
        return [(int(row.sum()), len(outputs[0])) for row, _ in zip(outputs[0], metas, strict=True)]

    def length(self, data: int) -> int:
        return data

    def dataset(self, root: Path) -> Sequence[Sample]:
        return []

    def metric(self) -> Metric:
        raise NotImplementedError

    def agreement(self, one: Any, other: Any) -> bool:
        return bool(one == other)

    def describe(self, prediction: Any, topk: int) -> str:
        return str(prediction)

    def to_json(self, prediction: Any) -> dict[str, Any]:
        return {"sum": prediction}

    def draw(self, data: Any, prediction: Any) -> Any:
        raise NotImplementedError


class Mask(Session):
    """[rows, length] to 1 where a value is none of padding; notes the shapes that it was given."""

    def __init__(self, length: int | str = "length"):
        self.inputs = (TensorSpec("x", "float32", ("batch", length)),)
        self.outputs = (TensorSpec("y", "float32", ("batch", length)),)
        self.shapes: list[tuple[int, ...]] = []

    def run(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        self.shapes.append(arrays[0].shape)
        return [(arrays[0] >= 0).astype(np.float32)]

    def close(self) -> None: ...


LENGTHS = [3, 50, 4, 1, 49, 2, 48, 5]


def samples() -> list[Sample]:
    return [Sample(f"s{index}", length) for index, length in enumerate(LENGTHS)]


def test_similar_lengths_come_together_the_longest_first() -> None:
    assert [sample.data for sample in arranged(Ones(), samples())] == sorted(LENGTHS, reverse=True)


def test_a_budget_bounds_rows_times_the_longest_and_leaves_nothing_out() -> None:
    order = arranged(Ones(), samples())
    plan = list(chunks(Ones(), order, 4, token_budget=100))
    assert [index for chunk in plan for index in chunk] == list(range(len(LENGTHS)))
    assert [len(chunk) for chunk in plan] == [2, 2, 4]
    assert all(len(chunk) * max(order[index].data for index in chunk) <= 100 for chunk in plan)
    assert [len(chunk) for chunk in chunks(Ones(), order, 4, token_budget=1)] == [1] * len(LENGTHS)
    assert list(chunks(Ones(), [], 4, token_budget=1)) == []


@pytest.mark.parametrize("budget", [None, 60])
def test_predictions_are_those_of_each_sample_alone(budget: int | None) -> None:
    session = Mask()
    engine = Engine.from_session(session, "double", "double", dtype="float32")
    order = arranged(Ones(), samples())
    found = list(predictions(Ones(), engine, order, 3, Stages(), token_budget=budget))
    got = {sample.data: result[0] for batch, some in found for sample, result in zip(batch, some, strict=True)}
    assert got == {length: length for length in LENGTHS}
    assert budget is None or max(rows * length for rows, length in session.shapes) <= budget
    engine.release()


def test_a_network_of_fixed_length_gets_that_length_and_refuses_more() -> None:
    engine = Engine.from_session(Mask(50), "double", "double", dtype="float32")
    fixed = fixed_sizes([engine])
    assert fixed == [[50]]
    assert {batch.arrays[0].shape for batch in batches(Ones(), samples(), 4, fixed=fixed)} == {(4, 50)}
    with pytest.raises(DataError, match=r"long: it takes \[51\] of input 0, and the network is fixed at \[50\]"):
        list(batches(Ones(), [Sample("long", 51)], 4, fixed=fixed))
    engine.release()


def test_rows_are_filled_behind_their_end_on_every_axis() -> None:
    rows = [
        (np.ones((1, 2), np.float32), np.array([7], np.int64)),
        (np.ones((2, 1), np.float32), np.array([], np.int64)),
    ]
    floats, numbers = stacked(rows, (0.0, 9), dtypes=["float16", "float16"])
    assert floats.dtype == np.float16
    assert numbers.dtype == np.int64
    np.testing.assert_array_equal(floats, [[[1, 1], [0, 0]], [[1, 0], [1, 0]]])
    np.testing.assert_array_equal(numbers, [[7], [9]])


def test_outputs_of_several_shapes_are_alive_if_one_batch_is() -> None:
    spread = Spread()
    spread.add([np.array([[1.0, 2.0], [1.0, 3.0]])])
    spread.add([np.array([[1.0], [1.0]])])
    spread.require_alive()
    dead = Spread()
    dead.add([np.array([[1.0, 2.0], [1.0, 2.0]])])
    with pytest.raises(CheckFailedError, match="proves nothing"):
        dead.require_alive()
    single = Spread()
    for length in (1, 2, 3):
        single.add([np.ones((1, length))])
    single.require_alive()  # no two of them can be compared


def test_a_sample_that_is_too_long_is_left_out_by_name() -> None:
    bad: list[str] = []
    feeder = Feeder(Ones(), 4, 2, fixed=[[50]], on_bad=lambda sample, error: bad.append(str(error)))
    found = [sample.id for batch in feeder.batches([*samples(), Sample("long", 51)]) for sample in batch.samples]
    assert found == [f"s{index}" for index in range(len(LENGTHS))]
    assert bad[0].startswith("long: it takes [51]")


def test_the_batch_that_is_replayed_is_of_average_length() -> None:
    engine = Engine.from_session(Mask(), "double", "double", dtype="float32")
    stages = Stages()
    list(predictions(Ones(), engine, arranged(Ones(), samples()), 2, stages))
    assert stages.ready[0].shape == (2, 48)  # the average is 20: of 50 49, 48 5, 4 3, 2 1 the second
    engine.release()


class Walk(Ones):
    """A closed loop: a sample is a place, and each step goes where the network says, until all have gone n steps."""

    padding = None

    def preprocess(self, data: int, out: Any = None) -> tuple[tuple[np.ndarray, ...], int]:
        return (np.array([data], np.float32),), data

    def play(self, engine: Any, batch: Sequence[Sample]) -> list[int]:
        places = np.array([[sample.data] for sample in batch], np.float32)
        for _ in range(3):
            places += engine([places])
        return [int(place) for (place,) in places]


def test_a_closed_loop_predicts_by_playing() -> None:
    engine = Engine.from_session(Mask(1), "double", "double", dtype="float32")
    stages = Stages()
    found = list(predictions(Walk(), engine, samples(), 3, stages, warm_up=1))
    assert [result for _, some in found for result in some] == [length + 3 for length in LENGTHS]
    assert (stages.samples, stages.batches) == (8, 3)
    assert stages.end_to_end > 0
    engine.release()


def test_what_cannot_be_measured_is_left_to_preprocessing() -> None:
    class Unreadable(Ones):
        def length(self, data: int) -> int:
            if data == 50:
                raise DataError("damaged")
            return data

    assert [sample.data for sample in arranged(Unreadable(), samples())] == [49, 48, 5, 4, 3, 2, 1, 50]
