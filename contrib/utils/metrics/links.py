"""Metrics of predicted edges: how well scores tell pairs of nodes that an edge joins from others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import fields_of, foreign, is_count
from utils.metrics.exact import ExactSum
from zoo_core.errors import DataError

_SUMS = ("graphs", "areas", "precisions")


class Scored(Protocol):
    """What a network says of the pairs of a graph: keys, float [m], the higher the likelier an edge."""

    @property
    def keys(self) -> np.ndarray: ...


class LinkQuality:
    """auc (primary): how often a joined pair has a higher score than another, ties counting half. average_precision:
    the precision at each joined pair, averaged. Both are scikit-learn's, as in the papers; means over graphs."""

    infos = (
        MetricInfo("auc", "fraction", 0.0, 1.0, True),
        MetricInfo("average_precision", "fraction", 0.0, 1.0, True),
    )

    def __init__(self) -> None:
        self._graphs, self._areas, self._precisions = 0, ExactSum(), ExactSum()

    def update(self, predictions: Sequence[Scored], truths: Sequence[np.ndarray]) -> None:
        """Count one batch of graphs; a truth is bool [m].

        Raises:
            DataError: different lengths, or a graph whose pairs are all joined, or none of them. Nothing of the batch
                has been counted then.
        """
        require_as_many(predictions, truths)
        figures = [_figures(one, truth) for one, truth in zip(predictions, truths, strict=True)]
        self._graphs += len(figures)
        self._areas.add(area for area, _ in figures)
        self._precisions.add(precision for _, precision in figures)

    def compute(self) -> dict[str, float]:
        """{"auc", "average_precision"}; DataError when nothing was counted."""
        if not self._graphs:
            raise DataError("no graph was counted, so there is no AUC. Is the data set empty?")
        return {
            "auc": self._areas.value / self._graphs,
            "average_precision": self._precisions.value / self._graphs,
        }

    def state(self) -> dict[str, Any]:
        """Graphs, and the sums of both."""
        return dict(zip(_SUMS, (self._graphs, self._areas.state(), self._precisions.state()), strict=True))

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        graphs, areas, precisions = (fields_of(state, _SUMS, "an AUC of edges")[name] for name in _SUMS)
        if not is_count(graphs):
            raise foreign("an AUC of edges", state)
        more = [ExactSum.of(one, graphs, 0, 1) for one in (areas, precisions)]
        self._graphs += graphs
        self._areas.add(more[0].state())
        self._precisions.add(more[1].state())


def _figures(one: Scored, truth: np.ndarray) -> tuple[float, float]:
    from sklearn.metrics import average_precision_score, roc_auc_score

    if len(one.keys) != len(truth):
        raise DataError(f"{len(one.keys)} pairs have a score, and the truth has {len(truth)}.")
    if truth.all() or not truth.any():
        raise DataError(f"of {len(truth)} pairs {int(truth.sum())} are joined: AUC compares pairs of both kinds.")
    return float(roc_auc_score(truth, one.keys)), float(average_precision_score(truth, one.keys))
