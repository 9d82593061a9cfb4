"""Postprocessing of click networks: logits to probabilities."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo_core.errors import DataError


@dataclass(frozen=True)
class Click:
    """score: the probability that the advertisement is clicked, 0 to 1."""

    score: float


def clicks(outputs: list[np.ndarray], metas: list[Any]) -> list[Click]:
    """The logistic function of the logits, in float64.

    Args:
        outputs: the network's outputs; the first, [N, 1], holds the logits in any float dtype.
        metas: what the preprocessing said about each of the N samples (not needed here, only counted).

    Raises:
        DataError: the output has another shape, or holds NaN.
    """
    logits = np.asarray(outputs[0])
    if logits.shape != (len(metas), 1):
        raise DataError(
            f"the network gave an output of {list(logits.shape)}, expected [{len(metas)}, 1], a logit a row."
        )
    if np.isnan(logits).any():
        row = int(np.argmax(np.isnan(logits[:, 0])))
        raise DataError(f"the network gave NaN for row {row} of {len(logits)}. In float16 try --dtype float32.")
    scores = 1 / (1 + np.exp(-np.clip(logits[:, 0].astype(np.float64), -700, 700)))
    return [Click(score) for score in scores.tolist()]
