"""Drawing the next token by its probability, cut as the transformers library cuts it. numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zoo_core.errors import DataError


@dataclass(frozen=True)
class Sampling:
    """How a token is drawn.

    Attributes:
        temperature: logits are divided by it, above 0; below 1, likely tokens become likelier.
        top_k: only so many of the likeliest tokens; 0 for all.
        top_p: only the likeliest ones that have this probability together, above 0 and up to 1.
        seed: equal seeds draw equal tokens for a text, whatever other texts are in its batch.

    Raises:
        DataError: a number that is none of these.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.temperature < float("inf"):
            raise DataError(f"a temperature is above 0, got {self.temperature:g}; leave it out to take the best token.")
        if self.top_k < 0 or self.seed < 0:
            raise DataError(f"top_k and seed are at least 0, got {self.top_k} and {self.seed}.")
        if not 0 < self.top_p <= 1:
            raise DataError(f"top_p is above 0 and up to 1, got {self.top_p:g}.")

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Float64 [rows, vocabulary] that sum to 1, from logits; tokens that are not drawn have 0.

        The order is that of transformers: temperature, top_k, top_p.
        """
        scores = logits.astype(np.float64) / self.temperature
        if 0 < self.top_k < scores.shape[1]:
            least = np.partition(scores, -self.top_k, axis=1)[:, -self.top_k, None]
            scores[scores < least] = -np.inf
        if self.top_p < 1:
            order = np.argsort(scores, axis=1, kind="stable")  # the least likely first
            mass = np.cumsum(_softmax(np.take_along_axis(scores, order, axis=1)), axis=1)
            cut = mass <= 1 - self.top_p
            cut[:, -1] = False
            np.put_along_axis(cut, order, cut.copy(), axis=1)
            scores[cut] = -np.inf
        return _softmax(scores)


class Draws:
    """Tokens drawn for a batch of texts, each from random numbers of its own.

    Args:
        sampling: how.
        texts: for each row, what the seed goes along with: the ids of its prompt.
    """

    def __init__(self, sampling: Sampling, texts: Sequence[Sequence[int]]) -> None:
        self._sampling = sampling
        self._random = [np.random.Generator(np.random.PCG64([sampling.seed, *text])) for text in texts]

    def __call__(self, logits: np.ndarray) -> np.ndarray:
        """One token a row, int64 [rows], from logits [rows, vocabulary]."""
        sums = np.cumsum(self._sampling.probabilities(logits), axis=1)
        points = [random.random() * total for random, total in zip(self._random, sums[:, -1], strict=True)]
        return np.array([np.searchsorted(*pair, side="right") for pair in zip(sums, points, strict=True)], np.int64)


def _softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
