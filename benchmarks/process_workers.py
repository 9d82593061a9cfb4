"""Preprocessing that is Python itself: worker processes against worker threads, by the pipeline's own feeder.

A sample is a text of 4,000 words, which a loop in Python turns into numbers, as a contributor's own tokeniser might.
Claim: with two cores or more, processes are at least 1.5 times as fast as threads; starting them is not counted, and is
printed apart.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from _common import claim, in_turns, machine
from utils.datasets.sample import Sample
from utils.metrics.base import Metric
from zoo.running.feeder import Batch, Feeder
from zoo.task import Task
from zoo_core.machine import cores

ROUNDS, SAMPLES, BATCH, WORDS = 9, 600, 16, 4_000


class OwnTokeniser(Task):
    """[4000] int64: for each word of a text, a number made of its letters."""

    python_bound = True

    def preprocess(self, data: str, out: Any = None) -> tuple[tuple[np.ndarray, ...], int]:
        ids = []
        for word in data.split():
            number = 7
            for letter in word.lower():
                number = (number * 31 + ord(letter)) % 30_000
            ids.append(number)
        return (np.array(ids, np.int64),), len(ids)

    def postprocess(self, outputs: list[np.ndarray], metas: list[Any]) -> list[Any]:
        return metas

    def dataset(self, root: Path) -> Sequence[Sample]:
        words = ["benchmark", "tokens", "a", "language", "of", "processes", "threads"]
        return [
            Sample(str(number), " ".join(words[(number + place * place) % 7] for place in range(WORDS)))
            for number in range(SAMPLES)
        ]

    def metric(self) -> Metric:
        raise NotImplementedError("only preprocessing is measured: nothing is counted")

    def agreement(self, one: Any, other: Any) -> bool:
        return bool(one == other)

    def describe(self, prediction: Any, topk: int) -> str:
        return str(prediction)

    def to_json(self, prediction: Any) -> dict[str, Any]:
        return {"words": prediction}

    def draw(self, data: Any, prediction: Any) -> Any:
        raise NotImplementedError("only preprocessing is measured: nothing is drawn")


def batches(samples: Sequence[Sample], processes: bool) -> Iterator[Batch]:
    """Every batch, given back at once."""
    feeder = Feeder(OwnTokeniser(), BATCH, cores(), processes=processes)
    for batch in feeder.batches(samples):
        yield batch
        feeder.give_back(batch)


def rate(samples: Sequence[Sample], processes: bool) -> float:
    """Samples a second behind the first batch, before which workers start."""
    stream = batches(samples, processes)
    next(stream)
    start = time.perf_counter()
    count = sum(len(batch.samples) for batch in stream)
    return count / (time.perf_counter() - start)


def starting(samples: Sequence[Sample]) -> float:
    """Seconds until the first batch of processes is there."""
    start = time.perf_counter()
    stream = batches(samples, True)
    next(stream)
    taken = time.perf_counter() - start
    stream.close()  # type: ignore[attr-defined]
    return taken


def main() -> int:
    """Print the medians and the ratio; 1 if the claim does not hold."""
    machine()
    samples = OwnTokeniser().dataset(Path())
    print(f"  starting the processes, first batch included: {starting(samples[: 4 * BATCH]):.2f} s")
    found = in_turns(ROUNDS, {"threads": partial(rate, samples, False), "processes": partial(rate, samples, True)})
    found.show("samples/s")
    if cores() < 2:
        print("  one core: nothing to gain, nothing is claimed")
        return 0
    return 0 if claim(found, "processes", "threads", low=1.5) else 1


if __name__ == "__main__":
    sys.exit(main())
