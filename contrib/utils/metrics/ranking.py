"""Metrics of scores that rank: how well they tell the positive samples from the negative ones."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import fields_of, is_count
from zoo_core.errors import DataError


class Scored(Protocol):
    """A prediction with the probability of the positive class, 0 to 1."""

    @property
    def score(self) -> float:
        """The probability of a click, 0 to 1."""


class ClickMetrics:
    """AUC (primary): how often a clicked sample has a higher score than one that was not, ties counting half. And log
    loss: the mean of -log(the probability that was given to what happened). Both are scikit-learn's.

    AUC needs all scores, so they are kept: 9 bytes a sample (0.4 GB for the 45.8 million rows of Criteo's challenge).
    The state is the same in base64, about 11 bytes a sample.
    """

    infos = (
        MetricInfo("auc", "fraction", 0.0, 1.0, True),
        MetricInfo("log_loss", "nats", 0.0, float("inf"), False),
    )

    def __init__(self) -> None:
        self._scores: list[np.ndarray] = []
        self._labels: list[np.ndarray] = []

    def update(self, predictions: Sequence[Scored], truths: Sequence[int]) -> None:
        """Count one batch of scores against labels 0 and 1.

        Raises:
            DataError: different lengths, a label that is neither, or a score that is no probability. Nothing of the
                batch has been counted then.
        """
        require_as_many(predictions, truths)
        wrong = [truth for truth in truths if truth not in (0, 1)]
        if wrong:
            raise DataError(f"truth {wrong[0]!r:.80}: a label is 0 or 1.")
        scores = np.array([prediction.score for prediction in predictions], np.float64)
        self._add(scores, np.array(truths, np.uint8))

    def compute(self) -> dict[str, float]:
        """{"auc": fraction, "log_loss": nats}; DataError when nothing was counted, or only one of the two labels."""
        from sklearn.metrics import log_loss, roc_auc_score

        labels, scores = self._joined()
        if not len(scores):
            raise DataError("no sample was counted, so there is no AUC. Is the data set empty?")
        if labels.min() == labels.max():
            raise DataError(f"all {len(labels)} labels are {labels[0]}: AUC compares samples of both labels.")
        return {"auc": float(roc_auc_score(labels, scores)), "log_loss": float(log_loss(labels, scores))}

    def state(self) -> dict[str, Any]:
        """{"samples": n, "scores": n little-endian float64 in base64, "labels": n bits, packed, in base64}."""
        labels, scores = self._joined()
        return {
            "samples": len(scores),
            "scores": base64.b64encode(scores.astype("<f8").tobytes()).decode(),
            "labels": base64.b64encode(np.packbits(labels).tobytes()).decode(),
        }

    def merge(self, state: dict[str, Any]) -> None:
        """Add the scores of another process, as its `state()` gave them; DataError when they are not that."""
        fields = fields_of(state, ("samples", "scores", "labels"), "an AUC")
        count = fields["samples"]
        try:
            scores = np.frombuffer(base64.b64decode(fields["scores"], validate=True), "<f8")
            labels = np.unpackbits(np.frombuffer(base64.b64decode(fields["labels"], validate=True), np.uint8))
            if not is_count(count) or count != len(scores) or -(-count // 8) * 8 != len(labels):
                raise ValueError("other numbers of scores and labels")
        except (TypeError, ValueError, binascii.Error) as error:
            raise DataError(f"these are not the scores of an AUC ({error}): {state!r:.100}.") from error
        if count:
            self._add(scores.astype(np.float64), labels[:count])

    def _add(self, scores: np.ndarray, labels: np.ndarray) -> None:
        inside = (scores >= 0) & (scores <= 1)
        if not inside.all():
            raise DataError(f"a score of {scores[~inside][0]}: a probability is 0 to 1.")
        self._scores.append(scores)
        self._labels.append(labels)

    def _joined(self) -> tuple[np.ndarray, np.ndarray]:
        """(uint8 labels, float64 scores) of everything so far, from then on kept in one piece."""
        if len(self._scores) != 1:
            self._scores = [np.concatenate([np.empty(0), *self._scores])]
            self._labels = [np.concatenate([np.empty(0, np.uint8), *self._labels])]
        return self._labels[0], self._scores[0]


def agreement(one: Scored, other: Scored) -> bool:
    """Whether two probabilities of a sample are the same but for what float16 rounds: within 0.002."""
    return abs(one.score - other.score) <= 0.002
