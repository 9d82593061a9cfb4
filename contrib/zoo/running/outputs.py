"""From what the network gave of a batch to predictions, also where it gave nothing usable of a sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from utils.datasets.sample import Sample
from zoo.hanging import said_if_slow
from zoo.running.feeder import Batch, Feeder
from zoo.running.network import Runner
from zoo.running.padding import fixed_sizes
from zoo.task import Task, as_list
from zoo_core.errors import DataError
from zoo_core.interrupts import wait_for

_HOPELESS = 16  # samples without a usable one: some others are tried, and not all
_TRIED = 8


def postprocessed(task: Task, outputs: list[Any], batch: Batch, timeout: float | None) -> list[Any]:
    """The predictions of a batch; it is said where that takes longer than `timeout` seconds."""
    what = f"postprocessing of {batch.samples[0].id} to {batch.samples[-1].id}"
    return said_if_slow(timeout, what, task.postprocess, outputs, batch.metas)


class Lost:
    """Samples of which the network gives what cannot be used, NaN for example: a batch that has one runs once more,
    sample by sample, and `feeder.on_bad` is told of those. Where no sample at all is usable, the network is at fault.

    Args:
        task: whose postprocessing refuses such outputs.
        engine: runs the network.
        feeder: gave the batches.
        samples: of the run.

    Attributes:
        any_usable: whether the network gave anything usable.
    """

    def __init__(self, task: Task, engine: Runner, feeder: Feeder, samples: Sequence[Sample]):
        self._task, self._engine, self._feeder, self._samples = task, engine, feeder, samples
        self._first: DataError | None = None
        self._count = 0
        self.any_usable = False

    def found_alone(self, batch: Batch, error: DataError) -> tuple[list[Sample], list[Any]]:
        """The usable samples of a batch, and their predictions.

        Args:
            batch: whose outputs cannot be used as a whole.
            error: why not.

        Raises:
            DataError: nobody is there to be told of single samples, or the network is at fault.
        """
        whole = DataError(f"batch of {batch.samples[0].id} to {batch.samples[-1].id}: {error}")
        if self._feeder.on_bad is None:
            raise whole from error
        self._first = self._first or whole
        good: list[Sample] = []
        found: list[Any] = []
        if len(batch.samples) == 1:  # it ran alone already
            self._feeder.on_bad(batch.samples[0], error)
        else:
            for sample in batch.samples:
                try:
                    found += self._alone(sample)
                    good.append(sample)
                except DataError as why:
                    self._feeder.on_bad(sample, why)
        self._count += len(batch.samples) - len(good)
        self.any_usable |= bool(good)
        if self._count >= _HOPELESS and not self.any_usable:
            places = (len(self._samples) * part // _TRIED - 1 for part in range(_TRIED, 0, -1))
            self.any_usable = any(self._is_usable(self._samples[place]) for place in places)
            self.require_some()
        return good, found

    def _is_usable(self, sample: Sample) -> bool:
        try:
            return bool(self._alone(sample))
        except DataError:
            return False

    def _alone(self, sample: Sample) -> list[Any]:
        found: list[Any] = []
        feeder = Feeder(self._task, 1, 1, fixed=fixed_sizes([self._engine]), timeout=self._feeder.timeout)
        for batch in feeder.batches([sample]):
            call = self._engine.submit(batch.arrays)
            wait_for([call])
            found += postprocessed(self._task, as_list(call.result()), batch, self._feeder.timeout)
        return found

    def require_some(self) -> None:
        """Raise what was said of the first batch, where nothing was usable."""
        if self._first is not None and not self.any_usable:
            raise self._first
