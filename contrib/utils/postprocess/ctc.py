"""Connectionist temporal classification: what a sequence of class scores spells (Graves et al., 2006)."""

from collections.abc import Sequence

import numpy as np

from zoo_core.errors import DataError


def greedy(logits: np.ndarray, steps: Sequence[int], blank: int = 0) -> list[tuple[list[int], float]]:
    """The best path of each row: repeated classes become one, then blanks go (the paper's mapping B).

    Args:
        logits: float [N, T, C], unnormalised scores of C classes at each of T steps.
        steps: how many steps of each row are its own, 0 to T; what stands behind them is filling and is not read.
        blank: index of the class that stands for nothing.

    Returns:
        For each row its class indices without blanks, and the probability of the best path: the product of the
        largest softmax probability of each step, 0 to 1 (1 for a row of no steps).

    Raises:
        DataError: `logits` is not [N, T, C], a row has fewer than 0 or more than T steps, or its own steps hold NaN or
            infinity.
    """
    best, own, keep = _kept(logits, steps, blank)
    log_probability = np.where(own, _log_of_best(logits), 0.0).sum(axis=1)
    return [
        (row[kept].tolist(), float(np.exp(log))) for row, kept, log in zip(best, keep, log_probability, strict=True)
    ]


def greedy_mean(probabilities: np.ndarray, steps: Sequence[int], blank: int = 0) -> list[tuple[list[int], float]]:
    """As `greedy`, from softmax probabilities, with PaddleOCR's score: the mean probability of the classes that are
    kept, 0 where there are none.

    Raises:
        DataError: as `greedy`.
    """
    best, _, keep = _kept(probabilities, steps, blank)
    largest = probabilities.max(axis=2)
    return [
        (row[kept].tolist(), float(scores[kept].mean()) if kept.any() else 0.0)
        for row, kept, scores in zip(best, keep, largest, strict=True)
    ]


def _kept(scores: np.ndarray, steps: Sequence[int], blank: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each step [N, T]: the best class, whether it is the row's own, whether it stays behind CTC's mapping."""
    if scores.ndim != 3 or len(steps) != len(scores):
        raise DataError(f"scores [N, T, C] with N steps are expected, got {list(scores.shape)} with {len(steps)}.")
    counts = np.asarray(steps, np.int64).reshape(-1)
    wrong = next((count for count in counts.tolist() if not 0 <= count <= scores.shape[1]), None)
    if wrong is not None:
        raise DataError(
            f"a row has {wrong} steps of its own, and the network gave {scores.shape[1]}: is the input narrower than "
            "the picture?"
        )
    own = np.arange(scores.shape[1]) < counts[:, None]
    if not np.isfinite(scores[own]).all():
        raise DataError("the network gave NaN or infinity. In float16 this is often an overflow: try float32.")
    best = scores.argmax(axis=2)
    first = np.ones(best.shape, bool)
    first[:, 1:] = best[:, 1:] != best[:, :-1]
    keep = own & first & (best != blank)
    return best, own, keep


def _log_of_best(logits: np.ndarray) -> np.ndarray:
    """The logarithm of the largest softmax probability, [N, T]."""
    scores = logits.astype(np.float64)
    return -np.log(np.exp(scores - scores.max(axis=2, keepdims=True)).sum(axis=2))
