"""The one path from a sample to a prediction, used by demo, folder, validation and verification alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from engine.base import Engine
from utils.datasets.sample import Sample
from utils.errors import DataError

from .model import Task
from .parity import as_list


@dataclass
class Stages:
    """Seconds spent in each stage, summed over `batches` batches of `samples` samples in all."""

    samples: int = 0
    batches: int = 0
    preprocess: float = 0.0
    inference: float = 0.0
    postprocess: float = 0.0
    end_to_end: float = 0.0

    def throughput(self) -> float:
        """Samples a second, end to end."""
        return self.samples / self.end_to_end if self.end_to_end else 0.0

    def to_json(self) -> dict[str, float]:
        return asdict(self) | {"throughput": self.throughput()}

    def summary(self) -> str:
        """The line that CI looks for: sums and averages a batch, in seconds; samples a second."""
        batches = max(self.batches, 1)
        return (
            f"summary: avg_sps: {self.throughput():.6g}, e2e_time: {self.end_to_end:.6g}, "
            f"avg_inference_time: {self.inference / batches:.6g}, avg_preprocess_time: "
            f"{self.preprocess / batches:.6g}, "
            f"avg_postprocess: {self.postprocess / batches:.6g}"
        )


@dataclass(frozen=True)
class Batch:
    """Preprocessed samples: `arrays` has one array an input, [rows, …]."""

    samples: list[Sample]
    arrays: list[np.ndarray]
    metas: list[Any]


def batches(
    task: Task,
    samples: Iterable[Sample],
    batch_size: int,
    on_bad: Callable[[Sample, DataError], None] | None = None,
) -> Iterator[Batch]:
    """Preprocess `samples` in batches, in order, the last one as small as it is.

    A sample that cannot be read raises its DataError, or goes to `on_bad` and is left out.
    """
    rows: list[tuple[Sample, tuple[np.ndarray, ...], Any]] = []
    for sample in samples:
        try:
            arrays, meta = task.preprocess(sample.data)
        except DataError as error:
            if on_bad is None:
                raise
            on_bad(sample, error)
            continue
        rows.append((sample, arrays, meta))
        if len(rows) == batch_size:
            yield _stacked(rows)
            rows = []
    if rows:
        yield _stacked(rows)


def _stacked(rows: list[tuple[Sample, tuple[np.ndarray, ...], Any]]) -> Batch:
    columns = zip(*(arrays for _, arrays, _ in rows), strict=True)
    return Batch(
        [sample for sample, _, _ in rows],
        [np.stack(column) for column in columns],
        [meta for _, _, meta in rows],
    )


def predictions(
    task: Task,
    engine: Engine,
    samples: Sequence[Sample],
    batch_size: int,
    stages: Stages,
    *,
    warm_up: int = 0,
    skip_postprocess: bool = False,
    on_bad: Callable[[Sample, DataError], None] | None = None,
) -> Iterator[tuple[list[Sample], list[Any]]]:
    """For each batch, its samples and their predictions (none when skipping postprocessing); times go to `stages`.

    The first batch runs `warm_up` times beforehand, outside of every figure.
    """
    start = time.perf_counter()
    for batch in batches(task, samples, batch_size, on_bad):
        prepared = time.perf_counter()
        stages.preprocess += prepared - start
        stages.end_to_end += prepared - start
        if stages.batches == 0:
            for _ in range(warm_up):
                engine(batch.arrays)
        run = time.perf_counter()
        outputs = as_list(engine(batch.arrays))
        inferred = time.perf_counter()
        found = [] if skip_postprocess else task.postprocess(outputs, batch.metas)
        done = time.perf_counter()
        stages.inference += inferred - run
        stages.postprocess += done - inferred
        stages.end_to_end += done - run
        stages.batches += 1
        stages.samples += len(batch.samples)
        yield batch.samples, found
        start = time.perf_counter()
