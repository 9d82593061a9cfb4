"""How well relative depth fits measured depth, as the field compares networks that know no metres."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.datasets.depth import DepthMap
from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import fields_of
from utils.metrics.exact import ExactSum
from zoo_core.errors import DataError

_NEAR = 1.25  # the ratio up to which a pixel's depth counts as right
_LEAST = 10  # measured pixels, for two numbers to be fitted to


class RelativeDepth:
    """abs_rel (primary): the mean of |found - true| / true. delta1: the fraction of pixels within a factor of 1.25.

    A network gives inverse depth up to a scale and a shift. For each picture the two are fitted to the measured inverse
    depth (least squares), as MiDaS does; what comes out is turned into metres, no more than `farthest`. Both figures
    are means over the measured pixels of a picture, and then over pictures.

    Args:
        farthest: metres up to which pixels are measured and judged; 10 for NYU Depth V2, 80 for KITTI.
    """

    infos = (
        MetricInfo("abs_rel", "fraction", 0.0, float("inf"), False),
        MetricInfo("delta1", "fraction", 0.0, 1.0, True),
    )

    def __init__(self, farthest: float = 10.0) -> None:
        self._farthest = farthest
        self._count, self._abs_rel, self._delta1 = 0, ExactSum(), ExactSum()

    def update(self, predictions: Sequence[np.ndarray], truths: Sequence[DepthMap]) -> None:
        """Count a batch.

        Args:
            predictions: inverse depth, float [H, W] in the picture's own size.
            truths: the files of the true ones.

        Raises:
            DataError: a map cannot be read, has another size, or hardly anything was measured; nothing of the batch has
                been counted then.
        """
        require_as_many(predictions, truths)
        figures = [self._figures(found, truth) for found, truth in zip(predictions, truths, strict=True)]
        self._count += len(figures)
        self._abs_rel.add(abs_rel for abs_rel, _ in figures)
        self._delta1.add(delta1 for _, delta1 in figures)

    def _figures(self, found: np.ndarray, truth: DepthMap) -> tuple[float, float]:
        true = truth.array().astype(np.float64)
        if true.shape != found.shape:
            raise DataError(f"{truth.path}: {list(found.shape)} were predicted, and the map is {list(true.shape)}.")
        judged = (true > 0) & (true <= self._farthest)
        if judged.sum() < _LEAST:
            raise DataError(f"{truth.path}: only {judged.sum()} pixels were measured; {_LEAST} are needed at least.")
        depth = fitted(found[judged].astype(np.float64), true[judged], self._farthest)
        ratio = np.maximum(depth / true[judged], true[judged] / depth)
        return float(np.mean(np.abs(depth - true[judged]) / true[judged])), float(np.mean(ratio < _NEAR))

    def compute(self) -> dict[str, float]:
        """{"abs_rel", "delta1"}; DataError when nothing was counted."""
        if not self._count:
            raise DataError("no picture was counted. Is the data set empty?")
        return {"abs_rel": self._abs_rel.value / self._count, "delta1": self._delta1.value / self._count}

    def state(self) -> dict[str, Any]:
        """The counts so far, fit for JSON."""
        return {"count": self._count, "abs_rel": self._abs_rel.state(), "delta1": self._delta1.state()}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        fields = fields_of(state, ("count", "abs_rel", "delta1"), "a relative depth")
        count = fields["count"]
        sums = [ExactSum.of(fields[info.name], count, info.low, info.high) for info in self.infos]
        self._count += count
        for own, more in zip((self._abs_rel, self._delta1), sums, strict=True):
            own.add(more.state())


def fitted(found: np.ndarray, true: np.ndarray, farthest: float) -> np.ndarray:
    """Metres from inverse depth up to a scale and a shift, which are fitted to the true ones.

    Args:
        found: inverse depth, float64 [pixels].
        true: metres of the same pixels, above 0.
        farthest: metres that no answer exceeds.
    """
    columns = np.stack([found, np.ones_like(found)], axis=1)
    (scale, shift), *_ = np.linalg.lstsq(columns, 1 / true, rcond=None)
    return 1 / np.maximum(scale * found + shift, 1 / farthest)


def agreement(one: np.ndarray, other: np.ndarray, share: float = 0.02) -> bool:
    """Whether two runtimes' maps of one picture differ by no more than `share` of their range, at nearly all pixels."""
    span = float(one.max() - one.min()) or 1.0
    return one.shape == other.shape and float(np.mean(np.abs(one - other) <= share * span)) >= 0.99
