"""Inputs of variable length: which samples share a batch, and how they are filled up to one shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, overload

import numpy as np

from engine.spec import TensorSpec
from utils.datasets.sample import Sample
from zoo.hanging import said_if_slow
from zoo.task import Task
from zoo_core.errors import DataError

# Of each input, the sizes behind the batch dimension: a number where the network is fixed there, None where it is free.
Fixed = Sequence[Sequence[int | None]]


class Arranged(Sequence[Sample]):
    """`source` in the order of `places`, and the length of each sample; nothing but numbers is kept of them."""

    def __init__(self, source: Sequence[Sample], places: Sequence[int], lengths: Sequence[int]):
        self._source = source
        self._places = places
        self.lengths = lengths

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Arranged: ...
    def __getitem__(self, index: int | slice) -> Sample | Arranged:
        if isinstance(index, slice):
            return Arranged(self._source, self._places[index], self.lengths[index])
        return self._source[self._places[index]]


def arranged(task: Task, samples: Sequence[Sample], timeout: float | None = None) -> Sequence[Sample]:
    """`samples` with those of similar length beside each other, where the task pads; otherwise as they are.

    The longest come first, so that a batch which does not fit the memory fails at once. Where to tell the lengths takes
    more than `timeout` seconds, that is said.
    """
    if task.padding is None:
        return samples
    what = f"sorting of {len(samples)} samples by length"
    lengths = said_if_slow(timeout, what, lambda: [_length(task, sample) for sample in samples])
    places = sorted(range(len(samples)), key=lambda index: -lengths[index])
    return Arranged(samples, places, [lengths[place] for place in places])


def lengths_of(task: Task, samples: Sequence[Sample]) -> Sequence[int]:
    """The length of each sample, as far as it can be read."""
    return samples.lengths if isinstance(samples, Arranged) else [_length(task, sample) for sample in samples]


def _length(task: Task, sample: Sample) -> int:
    """0 for what cannot be read: preprocessing says so, where it is known whether the run goes on without it."""
    try:
        return task.length(sample.data)
    except DataError:
        return 0


def typical(task: Task, samples: Sequence[Sample]) -> int:
    """The place of a sample about as long as the average, of arranged samples; 0 where the task does not pad."""
    if task.padding is None or not samples:
        return 0
    lengths = lengths_of(task, samples)
    average = sum(lengths) / len(lengths)
    return next(place for place, length in enumerate(lengths) if length <= average)


def full_batch(task: Task, batch_size: int) -> int:
    """How many samples make a full batch: one where the task says so, whatever `batch_size` is."""
    return 1 if task.one_by_one else batch_size


def batches_in(task: Task, samples: int, batch_size: int) -> int:
    """How many batches that many samples make; more, where a token budget makes them smaller."""
    return -(-samples // full_batch(task, batch_size))


def chunks(
    task: Task, samples: Sequence[Sample], batch_size: int, token_budget: int | None = None
) -> Iterator[Sequence[int]]:
    """Which samples (their indices, in order) make a batch: at most `batch_size`, one where the task says so.

    Args:
        task: says whether inputs are padded, and whether samples go one by one.
        samples: in the order in which they are run.
        batch_size: the most rows of a batch.
        token_budget: with padded inputs, the most positions of a batch, rows times the longest; at least one row.
    """
    batch_size = full_batch(task, batch_size)
    if token_budget is None:
        for start in range(0, len(samples), batch_size):
            yield range(start, min(start + batch_size, len(samples)))
        return
    start = longest = 0
    for index, length in enumerate(lengths_of(task, samples)):
        rows = index - start
        if rows and (rows == batch_size or (rows + 1) * max(longest, length) > token_budget):
            yield range(start, index)
            start, longest = index, 0
        longest = max(longest, length)
    if samples:
        yield range(start, len(samples))


class HasInputs(Protocol):
    """An engine, or a network of several."""

    inputs: tuple[TensorSpec, ...]


def fixed_sizes(engines: Sequence[HasInputs]) -> Fixed:
    """What all of `engines`, which have the same inputs, can take: fixed wherever one of them is."""
    shapes = [[spec.shape[1:] for spec in engine.inputs] for engine in engines]
    return [[_number(sizes) for sizes in zip(*same_input, strict=True)] for same_input in zip(*shapes, strict=True)]


def _number(sizes: Sequence[int | str | None]) -> int | None:
    return next((size for size in sizes if isinstance(size, int)), None)


def require_fits(row: Sequence[np.ndarray], fixed: Fixed) -> None:
    """Raise DataError if an input of a sample is longer than the size at which the network is fixed."""
    for number, (array, sizes) in enumerate(zip(row, fixed, strict=False)):
        if any(size is not None and found > size for found, size in zip(array.shape, sizes, strict=True)):
            raise DataError(
                f"it takes {list(array.shape)} of input {number}, and the network is fixed at {list(sizes)}; "
                "use the dynamic file, or --input_size"
            )


def stacked(
    rows: Sequence[Sequence[np.ndarray]],
    padding: Sequence[float],
    fixed: Fixed = (),
    dtypes: Sequence[str | None] = (),
) -> list[np.ndarray]:
    """One array an input, [rows, …]: each row filled up behind its end, to the longest or to the fixed size.

    Args:
        rows: one array an input each.
        padding: what each input is filled up with.
        fixed: for each input, the sizes at which the network is fixed; None where it takes any.
        dtypes: the precision that floating values of each input are stored in; None leaves them as they come.

    Raises:
        DataError: a row is longer than the fixed size.
    """
    for row in rows:
        require_fits(row, fixed)
    arrays = []
    for number, column in enumerate(zip(*rows, strict=True)):
        longest = [max(sizes) for sizes in zip(*(array.shape for array in column), strict=True)]
        wanted = fixed[number] if fixed else [None] * len(longest)
        shape = [size or found for size, found in zip(wanted, longest, strict=True)]
        asked = dtypes[number] if dtypes and column[0].dtype.kind == "f" else None
        array = np.full((len(column), *shape), padding[number], asked or column[0].dtype)
        for row, values in zip(array, column, strict=True):
            row[tuple(slice(size) for size in values.shape)] = values
        arrays.append(array)
    return arrays
