"""Postprocessing of image classifiers: logits to the best classes and their probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.notices import notice
from utils.postprocess.labels import imagenet
from zoo_core.errors import DataError

_SLACK = 0.02
# Of fewer classes, logits might sum up to 1 by chance
_LEAST_CLASSES, _ROUNDING = 5, 2e-3


@dataclass(frozen=True)
class Ranking:
    """The best classes of one sample, best first.

    Attributes:
        classes: class indices.
        scores: their softmax probabilities, 0 to 1, over all classes.
    """

    classes: tuple[int, ...]
    scores: tuple[float, ...]


class TopK:
    """Logits to the k best classes of every sample.

    Args:
        labels: the name of each class; as many as the network has outputs.
        k: how many classes to keep; all of them where there are fewer.
        probabilities: whether the network gives probabilities in place of logits, which then stay as they are.

    Raises:
        DataError: k is below 1.
    """

    def __init__(self, labels: Sequence[str], k: int = 5, probabilities: bool = False) -> None:
        if k < 1:
            raise DataError(f"topk is {k}: it must be at least 1.")
        self.labels = tuple(labels)
        self.k = min(k, len(self.labels))
        self.probabilities = probabilities

    def __call__(self, outputs: list[np.ndarray], metas: list[Any]) -> list[Ranking]:
        """Rank the classes of each sample; among equals the lower index comes first.

        Args:
            outputs: the network's outputs; the first, [N, C], holds the logits, or probabilities, in any float dtype.
            metas: what the preprocessing said about each of the N samples (not needed here, only counted).

        Returns:
            N rankings, in the order of the samples; computed in float32.

        Raises:
            DataError: the outputs do not fit the labels or the metas, hold NaN or infinity, or are none of the
                probabilities that they are said to be.
        """
        logits = np.asarray(outputs[0])
        if logits.ndim != 2 or logits.shape[1] != len(self.labels):
            raise DataError(
                f"the network gave an output of {list(logits.shape)}, expected [N, {len(self.labels)}] to go "
                f"with {len(self.labels)} class names. Is this the checkpoint of another model?"
            )
        if len(logits) != len(metas):
            raise DataError(f"the network gave {len(logits)} rows for {len(metas)} samples.")
        made = self.probabilities or _is_softmax(logits)
        if made and not self.probabilities:
            notice(
                "outputs that are probabilities",
                "the network's output",
                "every row lies between 0 and 1 and sums up to 1: these are taken for probabilities as they are, and "
                "not for logits.",
            )
        return [Ranking(*row) for row in best(logits, self.k, made)]

    def describe(self, ranking: Ranking, k: int | None = None) -> str:
        """A line such as "7 (0.998), 1 (0.001)": the k best names and scores, by default all."""
        pairs = list(zip(ranking.classes, ranking.scores, strict=True))[:k]
        return ", ".join(f"{self.labels[index]} ({score:.3f})" for index, score in pairs)

    def to_json(self, ranking: Ranking) -> dict[str, Any]:
        """{"classes": [{"index": int, "label": str, "score": float}, …]}, best first."""
        pairs = zip(ranking.classes, ranking.scores, strict=True)
        return {"classes": [{"index": i, "label": self.labels[i], "score": score} for i, score in pairs]}


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities over the last axis, computed in float32 so that large logits do not overflow.

    Raises:
        DataError: NaN or infinity among the logits; names the first row that does.
    """
    logits = np.asarray(logits, np.float32)
    with np.errstate(invalid="ignore"):
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        scores = powers / powers.sum(axis=-1, keepdims=True)
    broken = np.isnan(scores).any(axis=-1)
    if broken.any():
        raise DataError(
            f"the network gave NaN or infinity for row {int(np.argmax(broken))} of {broken.size}: "
            "its classes cannot be ranked. In float16 this is often an overflow: try --dtype float32."
        )
    return scores


def _is_softmax(scores: np.ndarray) -> bool:
    """Whether what should be logits, [N, C], has been through a softmax already: logits are hardly ever so."""
    if not len(scores) or scores.shape[1] < _LEAST_CLASSES:
        return False
    wide = scores.astype(np.float32)
    with np.errstate(invalid="ignore"):
        return bool((wide >= 0).all() and (np.abs(wide.sum(axis=1) - 1) <= _ROUNDING).all())


def _probabilities(scores: np.ndarray) -> np.ndarray:
    """`scores` in float32. Raises DataError where one is not between 0 and 1 (a little more, in float16 and int8)."""
    scores = np.asarray(scores, np.float32)
    wrong = ~((scores >= -_SLACK) & (scores <= 1 + _SLACK)).all(axis=-1)
    if wrong.any():
        raise DataError(
            f"the network gave {scores[wrong].flat[0]:.4g} … for row {int(np.argmax(wrong))} of {wrong.size}, and "
            "probabilities between 0 and 1 are expected. Is this the checkpoint of another model?"
        )
    return scores.clip(0, 1)


def best(logits: np.ndarray, k: int, probabilities: bool = False) -> list[tuple[tuple[int, ...], tuple[float, ...]]]:
    """For each row of [N, C]: the indices of its k largest values and their softmax, best first.

    Args:
        logits: [N, C] in any float dtype.
        k: how many of the C.
        probabilities: whether the values are probabilities, which are not changed.
    """
    scores = _probabilities(logits) if probabilities else softmax(logits)
    order = _largest(logits.astype(np.float32), k)
    ranked = np.take_along_axis(scores, order, axis=1)
    return [(tuple(i), tuple(s)) for i, s in zip(order.tolist(), ranked.tolist(), strict=True)]


def _largest(values: np.ndarray, k: int) -> np.ndarray:
    """The indices of each row's k largest values, [N, k], the largest first, of equals the lower index first.

    Only those that can be among them are sorted: sorting 1,000 classes takes seven times as long.
    """
    if k >= values.shape[1]:
        return np.argsort(-values, axis=1, kind="stable")
    least = np.partition(values, -k, axis=1)[:, -k]
    order = np.empty((len(values), k), np.intp)
    for place, row, low in zip(order, values, least, strict=True):
        among = np.flatnonzero(row >= low)
        place[:] = among[np.argsort(-row[among], kind="stable")[:k]]
    return order


def postprocess(outputs: Any, target: str = "sdaa", topk: int = 1) -> list[dict[str, Any]]:
    """The best ImageNet classes as a flat list: the topk of the first sample, then those of the second, …

    Args:
        outputs: logits [N, 1000] or [1000]: a numpy array, a list that holds one, or anything with
            `.numpy()`.
        target: the target that the outputs came from; accepted because scripts pass it, it changes nothing.
        topk: classes for each sample.

    Returns:
        [{"score": probability 0 to 1, "label": class name without WordNet id}, …]

    Raises:
        DataError: more than one output, another shape than the above, NaN, or topk below 1.
    """
    if isinstance(outputs, (list, tuple)):
        if len(outputs) != 1:
            raise DataError(f"a classifier has one output, got a list of {len(outputs)}.")
        outputs = outputs[0]
    logits = np.asarray(outputs.numpy() if hasattr(outputs, "numpy") else outputs)
    logits = logits[None] if logits.ndim == 1 else logits
    ranker = TopK(imagenet(), topk)
    rankings = ranker([logits], [None] * len(logits) if logits.ndim else [])
    return [
        {"score": score, "label": ranker.labels[index]}
        for ranking in rankings
        for index, score in zip(ranking.classes, ranking.scores, strict=True)
    ]
