"""Metrics of classification."""

from collections.abc import Sequence
from operator import index
from typing import Any

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import counts_of, foreign
from utils.postprocess.pytorch.classification import Ranking
from zoo_core.errors import DataError

KS = (1, 5)


class TopKAccuracy:
    """The fraction of samples whose true class is among the k best, for k = 1 and 5, and another one if asked.

    Args:
        classes: how many classes there are. Left out, truths are only checked for being 0 or more, and every
            ranking needs 5 entries, or `topk`.
        topk: which k the model is judged by; as many as there are classes where it is more.

    Attributes:
        infos: the figures "top1", "top5" and so on, that of `topk` first.
    """

    def __init__(self, classes: int | None = None, topk: int = 1) -> None:
        first = min(topk, classes or topk)
        self._classes = classes
        self._ks = {f"top{k}": k for k in dict.fromkeys((first, *KS))}
        self._counts = dict.fromkeys(("samples", *self._ks), 0)
        self.infos = tuple(MetricInfo(name, "fraction", 0.0, 1.0, True) for name in self._ks)

    def update(self, predictions: Sequence[Ranking], truths: Sequence[int]) -> None:
        """Count one batch of rankings against the true class indices.

        Raises:
            DataError: different lengths, a truth that is no class, or rankings too short. Nothing of the batch has
                been counted then.
        """
        require_as_many(predictions, truths)
        checked = [self._checked(truth) for truth in truths]
        most = max(self._ks.values())
        needed = min(most, self._classes or most)
        for ranking in predictions:
            if len(ranking.classes) < needed:
                raise DataError(
                    f"a ranking holds {len(ranking.classes)} classes, top-{most} accuracy needs {needed}: keep at "
                    f"least {most} classes in the postprocessing, and say how many classes there are if fewer."
                )
        self._counts["samples"] += len(checked)
        for name, k in self._ks.items():
            pairs = zip(predictions, checked, strict=True)
            self._counts[name] += sum(truth in ranking.classes[:k] for ranking, truth in pairs)

    def compute(self) -> dict[str, float]:
        """{"top1": fraction, "top5": fraction}, that of `topk` first; DataError when nothing was counted."""
        samples = self._counts["samples"]
        if not samples:
            raise DataError("no sample was counted, so there is no accuracy. Is the data set empty?")
        return {name: self._counts[name] / samples for name in self._ks}

    def state(self) -> dict[str, Any]:
        """{"samples": n, "top1": hits, "top5": hits}."""
        return dict(self._counts)

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        counts = counts_of(state, self._counts, "a top-k accuracy")
        if max(counts.values()) > counts["samples"]:
            raise foreign("a top-k accuracy", state)
        for name, count in counts.items():
            self._counts[name] += count

    def _checked(self, truth: Any) -> int:
        try:
            number = index(truth)
        except TypeError as error:
            raise DataError(f"truth {truth!r:.80}: a class index (a whole number) is expected.") from error
        if number < 0 or (self._classes is not None and number >= self._classes):
            classes = "0 or more" if self._classes is None else f"from 0 to {self._classes - 1}"
            raise DataError(f"truth {number}: a class index is {classes}.")
        return number


def agreement(a: Ranking, b: Ranking) -> bool:
    """Whether two rankings of a sample have the same best class."""
    return a.classes[:1] == b.classes[:1]


def tied(a: Ranking, b: Ranking, apart: float) -> bool:
    """Whether the best classes of two rankings are as good as equal in both.

    Args:
        a, b: two rankings of a sample.
        apart: how far the probabilities of the two classes may lie apart, relative to the larger one.
    """
    if not a.classes or not b.classes:
        return False
    return _within(a, b.classes[0], apart) and _within(b, a.classes[0], apart)


def _within(ranking: Ranking, kind: int, apart: float) -> bool:
    scores = dict(zip(ranking.classes, ranking.scores, strict=True))
    return kind in scores and ranking.scores[0] - scores[kind] <= apart * ranking.scores[0]
