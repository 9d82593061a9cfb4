"""What a metric is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from zoo_core.errors import DataError


@dataclass(frozen=True)
class MetricInfo:
    """What a figure means.

    Attributes:
        name: the key in `Metric.compute()`.
        unit: what it is counted in; "fraction" is 0 to 1, never per cent.
        low, high: the range of possible values.
        higher_is_better: which way is good.
    """

    name: str
    unit: str
    low: float
    high: float
    higher_is_better: bool


class Metric(Protocol):
    """Counts while samples pass by, and gives figures at the end.

    The counts of several processes can be joined: `a.merge(b.state())` makes `a` what one metric over both parts of the
    data would be.
    """

    @property
    def infos(self) -> tuple[MetricInfo, ...]:
        """The figures that `compute` gives; the first is the one that a model is judged by."""
        ...

    def update(self, predictions: Sequence[Any], truths: Sequence[Any]) -> None:
        """Count one batch; when it raises DataError nothing of the batch has been counted."""
        ...

    def compute(self) -> dict[str, float]:
        """The figures so far; DataError when nothing was counted."""
        ...

    def state(self) -> dict[str, Any]:
        """The counts so far, fit for JSON."""
        ...

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process."""
        ...


def require_as_many(predictions: Sequence[Any], truths: Sequence[Any]) -> None:
    """Raise DataError where a batch has not as many predictions as truths."""
    if len(predictions) != len(truths):
        raise DataError(f"{len(predictions)} predictions for {len(truths)} truths: there must be as many.")
