"""How often each of several classifiers is right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.datasets.face_attributes import UNKNOWN, Head
from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import fields_of, foreign, is_count
from utils.postprocess.pytorch.classification import Ranking
from zoo_core.errors import DataError


class AttributeAccuracy:
    """For each attribute, the part of the faces whose class is known and that are told rightly.

    The first attribute is what a network is judged by. An attribute that is known of no face has no figure (NaN).

    Args:
        heads: the attributes.
    """

    def __init__(self, heads: Sequence[Head]) -> None:
        self._heads = tuple(heads)
        self._counts = np.zeros((len(self._heads), 2), np.int64)  # faces, right ones
        self.infos = tuple(MetricInfo(f"{head.name}_accuracy", "fraction", 0.0, 1.0, True) for head in self._heads)

    def update(self, predictions: Sequence[Sequence[Ranking]], truths: Sequence[tuple[int, ...]]) -> None:
        """Count one batch: for each face a ranking an attribute, and its class or -1.

        Raises:
            DataError: different lengths, another number of attributes, or a class that is none. Nothing of the batch
                has been counted then.
        """
        require_as_many(predictions, truths)
        counts = np.zeros_like(self._counts)
        for found, truth in zip(predictions, truths, strict=True):
            self._require(found, truth)
            for place, (ranking, true) in enumerate(zip(found, truth, strict=True)):
                if true != UNKNOWN:
                    counts[place] += (1, ranking.classes[0] == true)
        self._counts += counts

    def _require(self, found: Sequence[Ranking], truth: Any) -> None:
        if not isinstance(truth, tuple) or not len(found) == len(truth) == len(self._heads):
            names = ", ".join(head.name for head in self._heads)
            raise DataError(f"truth {truth!r:.80}: a class for each of {names} is expected.")
        for true, head in zip(truth, self._heads, strict=True):
            if type(true) is not int or not UNKNOWN <= true < len(head.labels):
                raise DataError(
                    f"truth {true!r:.40} of {head.name}: a class is 0 to {len(head.labels) - 1}, -1 unknown."
                )

    def compute(self) -> dict[str, float]:
        """{"age_accuracy": fraction, …}; DataError when nothing was counted."""
        if not self._counts.any():
            raise DataError("no known attribute was counted, so there is no accuracy. Is the data set empty?")
        return {
            info.name: right / faces if faces else float("nan")
            for info, (faces, right) in zip(self.infos, self._counts.tolist(), strict=True)
        }

    def state(self) -> dict[str, Any]:
        """{"age": [faces, right], …}."""
        return {head.name: counts for head, counts in zip(self._heads, self._counts.tolist(), strict=True)}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        names = [head.name for head in self._heads]
        fields = fields_of(state, names, "attributes")
        if not all(map(_is_row, fields.values())):
            raise foreign("attributes", state)
        self._counts += np.array([fields[name] for name in names], np.int64)


def _is_row(row: Any) -> bool:
    return isinstance(row, list) and len(row) == 2 and all(map(is_count, row)) and row[1] <= row[0]
