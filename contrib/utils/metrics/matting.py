"""How near a matte is to the true one: SAD, MSE and MAD over all pixels, as the field of portrait matting has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.datasets.mattes import Matte
from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import fields_of, foreign
from utils.metrics.exact import ExactSum
from zoo_core.errors import DataError

_NAMES = ("mad", "mse", "sad")


class MatteError:
    """mad (primary), mse: mean absolute and squared difference; sad: the sum of absolute ones, in thousands of pixels.

    Each is of one picture, and then the mean over pictures; mattes are 0 to 1.
    """

    infos = (
        MetricInfo("mad", "fraction", 0.0, 1.0, False),
        MetricInfo("mse", "fraction", 0.0, 1.0, False),
        MetricInfo("sad", "thousand pixels", 0.0, float("inf"), False),
    )

    def __init__(self) -> None:
        self._count, self._sums = 0, [ExactSum() for _ in _NAMES]

    def update(self, predictions: Sequence[np.ndarray], truths: Sequence[Matte]) -> None:
        """Count a batch.

        Args:
            predictions: mattes, float [H, W], 0 to 1, in the pictures' own sizes.
            truths: the files of the true ones.

        Raises:
            DataError: a matte cannot be read or has another size; nothing of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        figures = [_figures(found, truth) for found, truth in zip(predictions, truths, strict=True)]
        self._count += len(figures)
        for total, values in zip(self._sums, zip(*figures, strict=True), strict=False):
            total.add(values)

    def compute(self) -> dict[str, float]:
        """{"mad", "mse", "sad"}; DataError when nothing was counted."""
        if not self._count:
            raise DataError("no picture was counted. Is the data set empty?")
        return {name: total.value / self._count for name, total in zip(_NAMES, self._sums, strict=True)}

    def state(self) -> dict[str, Any]:
        """The counts so far, fit for JSON."""
        return {"count": self._count, "sums": [total.state() for total in self._sums]}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        fields = fields_of(state, ("count", "sums"), "errors of mattes")
        count, sums = fields["count"], fields["sums"]
        if not isinstance(sums, list) or len(sums) != len(_NAMES):
            raise foreign("errors of mattes", state)
        found = [ExactSum.of(one, count, info.low, info.high) for one, info in zip(sums, self.infos, strict=True)]
        self._count += count
        for own, more in zip(self._sums, found, strict=True):
            own.add(more.state())


def _figures(found: np.ndarray, truth: Matte) -> tuple[float, float, float]:
    true = truth.array().astype(np.float64)
    if true.shape != found.shape:
        raise DataError(f"{truth.path}: {list(found.shape)} were predicted, and the matte is {list(true.shape)}.")
    apart = np.abs(found - true)
    return float(apart.mean()), float((apart**2).mean()), float(apart.sum() / 1000)
