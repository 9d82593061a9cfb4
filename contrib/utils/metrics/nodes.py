"""Metrics of the classification of a graph's nodes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.datasets.graph import NodeTruth
from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import counts_of, fields_of, foreign
from utils.metrics.exact import ExactSum
from utils.postprocess.pytorch.node_classification import NodeClasses
from zoo_core.errors import DataError

_TIE = 0.005


class NodeAccuracy:
    """The fraction of counting nodes that got their true class, over all graphs together (primary), and the mean of the
    graphs' own fractions, in which a small graph weighs as much as a large one."""

    infos = (
        MetricInfo("accuracy", "fraction", 0.0, 1.0, True),
        MetricInfo("accuracy_per_graph", "fraction", 0.0, 1.0, True),
    )

    def __init__(self) -> None:
        self._state: dict[str, int] = {"graphs": 0, "nodes": 0, "right": 0}
        self._fractions = ExactSum()

    def update(self, predictions: Sequence[NodeClasses], truths: Sequence[NodeTruth]) -> None:
        """Count one batch of graphs.

        Raises:
            DataError: different lengths, or a graph without a node that counts. Nothing of the batch has been counted
                then.
        """
        require_as_many(predictions, truths)
        counts = [_counted(prediction, truth) for prediction, truth in zip(predictions, truths, strict=True)]
        for right, nodes in counts:
            self._state["graphs"] += 1
            self._state["nodes"] += nodes
            self._state["right"] += right
        self._fractions.add(right / nodes for right, nodes in counts)

    def compute(self) -> dict[str, float]:
        """{"accuracy": fraction, "accuracy_per_graph": fraction}; DataError when nothing was counted."""
        if not self._state["graphs"]:
            raise DataError("no graph was counted, so there is no accuracy. Is the data set empty?")
        return {
            "accuracy": self._state["right"] / self._state["nodes"],
            "accuracy_per_graph": self._fractions.value / self._state["graphs"],
        }

    def state(self) -> dict[str, Any]:
        """{"graphs": n, "nodes": n, "right": n, "fractions": the sum of the graphs' own accuracies}."""
        return self._state | {"fractions": self._fractions.state()}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        fields = fields_of(state, (*self._state, "fractions"), "a node accuracy")
        counts = counts_of({name: fields[name] for name in self._state}, self._state, "a node accuracy")
        if counts["right"] > counts["nodes"] or counts["graphs"] > counts["nodes"]:
            raise foreign("a node accuracy", state)
        fractions = ExactSum.of(fields["fractions"], counts["graphs"], 0, 1)
        self._fractions.add(fractions.state())
        for name, count in counts.items():
            self._state[name] += count


def _counted(prediction: NodeClasses, truth: NodeTruth) -> tuple[int, int]:
    """(how many counting nodes are right, how many there are)."""
    if prediction.classes.shape != truth.labels.shape:
        raise DataError(f"{len(prediction.classes)} nodes were classified, and the truth has {len(truth.labels)}.")
    nodes = int(truth.mask.sum())
    if not nodes:
        raise DataError("a graph has no node that counts.")
    return int((prediction.classes == truth.labels)[truth.mask].sum()), nodes


def agreement(one: NodeClasses, other: NodeClasses) -> bool:
    """Whether all nodes of a graph get the same classes; a node may get two classes that are within 0.005 of each other
    on both sides, for float16 rounds by as much."""
    nodes = np.flatnonzero(one.classes != other.classes)
    mine, theirs = one.classes[nodes], other.classes[nodes]
    return all(
        bool((np.abs(side.scores[nodes, mine] - side.scores[nodes, theirs]) <= _TIE).all()) for side in (one, other)
    )
