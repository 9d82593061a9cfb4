"""Postprocessing of click networks: logits, or what are probabilities already, to probabilities."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_core.errors import DataError

_SLACK = 1e-2  # beyond 0 and 1, of float16 and int8


@dataclass(frozen=True)
class Click:
    """score: the probability that the advertisement is clicked, 0 to 1."""

    score: float


def clicks(outputs: list[np.ndarray], metas: list[Any], probabilities: bool = False) -> list[Click]:
    """The logistic function of the logits, in float64.

    Args:
        outputs: the network's outputs; the first, [N, 1], holds the logits in any float dtype.
        metas: what the preprocessing said about each of the N samples (not needed here, only counted).
        probabilities: whether the network gives probabilities in place of logits, which then stay as they are.

    Raises:
        DataError: the output has another shape, holds NaN, or is no probability where it is said to be one.
    """
    logits = np.asarray(outputs[0])
    if logits.shape != (len(metas), 1):
        raise DataError(
            f"the network gave an output of {list(logits.shape)}, expected [{len(metas)}, 1], a logit a row."
        )
    if np.isnan(logits).any():
        row = int(np.argmax(np.isnan(logits[:, 0])))
        raise DataError(f"the network gave NaN for row {row} of {len(logits)}. In float16 try --dtype float32.")
    if probabilities:
        return [Click(score) for score in _within_one(logits[:, 0].astype(np.float64)).tolist()]
    scores = 1 / (1 + np.exp(-np.clip(logits[:, 0].astype(np.float64), -700, 700)))
    return [Click(score) for score in scores.tolist()]


def _within_one(scores: np.ndarray) -> np.ndarray:
    """`scores`, [N], as probabilities. Raises DataError where one is not between 0 and 1."""
    wrong = (scores < -_SLACK) | (scores > 1 + _SLACK)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"the network gave {scores[row]:.4g} for row {row} of {len(scores)}, and probabilities between 0 and 1 are "
            "expected. Is this the checkpoint of another model?"
        )
    return scores.clip(0, 1)
