"""How well cosines of embeddings tell whether two recordings are of one speaker."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import are_vectors, fields_of, foreign
from zoo_core.errors import DataError


class Embedded(Protocol):
    """What was made of a recording."""

    @property
    def vector(self) -> np.ndarray: ...


class EqualErrorRate:
    """The equal error rate of all pairs of recordings, and the area under the curve.

    A pair is taken for one speaker where its cosine reaches a threshold. At the threshold where as large a part of the
    pairs of one speaker is refused as of the pairs of two is accepted, that part is the equal error rate; between two
    thresholds, it is the mean of both where they are nearest to each other.
    """

    infos = (
        MetricInfo("eer", "fraction", 0.0, 1.0, False),
        MetricInfo("auc", "fraction", 0.0, 1.0, True),
    )

    def __init__(self) -> None:
        self._vectors: list[np.ndarray] = []
        self._speakers: list[str] = []

    def update(self, predictions: Sequence[Embedded], truths: Sequence[str]) -> None:
        """Count one batch: embeddings, as objects with `.vector`, float [D]; and who speaks.

        Raises:
            DataError: different lengths, a speaker without a name, or an embedding of zeros, infinity or NaN. Nothing
                of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        found = []
        for prediction, truth in zip(predictions, truths, strict=True):
            if not isinstance(truth, str) or not truth:
                raise DataError(f"truth {truth!r:.80}: the name of the speaker is expected.")
            vector = np.asarray(prediction.vector, np.float64)
            length = float(np.linalg.norm(vector))
            if not math.isfinite(length) or not length:
                raise DataError(f"an embedding of {truth} has length {length}; it has no direction.")
            found.append(vector / length)
        self._vectors += found
        self._speakers += truths

    def compute(self) -> dict[str, float]:
        """{"eer": …, "auc": …}, 0 to 1; NaN where there are no pairs of one speaker, or none of two.

        DataError when nothing was counted.
        """
        if not self._vectors:
            raise DataError("no recording was counted, so there is no error rate. Is the data set empty?")
        vectors, speakers = np.stack(self._vectors), np.array(self._speakers)
        first, second = np.triu_indices(len(vectors), k=1)
        scores, same = (vectors @ vectors.T)[first, second], speakers[first] == speakers[second]
        if same.all() or not same.any():
            return {"eer": math.nan, "auc": math.nan}
        return error_rates(scores, same)

    def state(self) -> dict[str, Any]:
        """{"speakers": [name, …], "vectors": [[…], …]}."""
        return {"speakers": self._speakers, "vectors": [vector.tolist() for vector in self._vectors]}

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        fields = fields_of(state, ("speakers", "vectors"), "a verification of speakers")
        speakers, vectors = fields["speakers"], fields["vectors"]
        fits = isinstance(speakers, list) and all(isinstance(one, str) and one for one in speakers)
        if not fits or not are_vectors(vectors) or len(speakers) != len(vectors):
            raise foreign("a verification of speakers", state)
        lengths = {len(one) for one in (*vectors, *self._vectors)}
        if len(lengths) > 1 or not all(math.isclose(math.hypot(*one), 1, rel_tol=1e-6) for one in vectors):
            raise foreign("a verification of speakers", state)
        self._vectors += [np.array(one, np.float64) for one in vectors]
        self._speakers += speakers


def error_rates(scores: np.ndarray, same: np.ndarray) -> dict[str, float]:
    """Equal error rate and area under the curve.

    Args:
        scores: float [pairs], higher for pairs that are more alike.
        same: bool [pairs], whether they are of one speaker; some are, and some are not.
    """
    thresholds, groups = np.unique(scores, return_inverse=True)
    ones = np.bincount(groups, weights=same, minlength=len(thresholds))
    others = np.bincount(groups, weights=~same, minlength=len(thresholds))
    refused = np.concatenate([[0.0], np.cumsum(ones)]) / ones.sum()  # with each threshold, and above all of them
    accepted = 1 - np.concatenate([[0.0], np.cumsum(others)]) / others.sum()
    place = int(np.argmin(np.abs(refused - accepted)))
    area = float(np.sum((accepted[:-1] - accepted[1:]) * (1 - (refused[:-1] + refused[1:]) / 2)))
    return {"eer": float(refused[place] + accepted[place]) / 2, "auc": area}
