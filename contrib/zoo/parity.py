"""How far two sets of outputs are apart."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .errors import CheckFailedError

# Largest difference over largest value. float32 against float64 inside PyTorch alone reaches 7e-4 (ResNet-152);
# float16 keeps
# 11 bits, so that one operation rounds by 5e-4, and a deep network adds such roundings up.
TOLERANCE = {"float32": 1e-3, "float16": 2e-2}
_ALIVE = 1e-3


@dataclass(frozen=True)
class Difference:
    """largest and mean absolute difference, and the largest one relative to the reference's largest absolute value."""

    largest: float
    mean: float
    relative: float

    def to_json(self) -> dict[str, float]:
        return asdict(self)

    @staticmethod
    def worst(differences: list[Difference]) -> Difference:
        """The largest of each figure but the mean, which is averaged."""
        return Difference(
            max(one.largest for one in differences),
            sum(one.mean for one in differences) / len(differences),
            max(one.relative for one in differences),
        )


def difference(reference: np.ndarray, got: np.ndarray) -> Difference:
    """The difference between two arrays of one shape, computed in float64.

    Raises CheckFailedError on NaN or another shape.
    """
    if reference.shape != got.shape:
        raise CheckFailedError(f"the outputs have different shapes: {list(reference.shape)} and {list(got.shape)}")
    apart = np.abs(reference.astype(np.float64) - got.astype(np.float64))
    if not np.isfinite(apart).all():
        raise CheckFailedError("the outputs hold NaN or infinity")
    if apart.size == 0:
        return Difference(0.0, 0.0, 0.0)
    scale = float(np.abs(reference).max())
    largest = float(apart.max())
    return Difference(
        largest, float(apart.mean()), largest / scale if scale else (0.0 if largest == 0 else float("inf"))
    )


def outputs_difference(reference: list[np.ndarray], got: list[np.ndarray]) -> Difference:
    """The worst difference over several outputs, each relative to its own size."""
    return Difference.worst([difference(one, other) for one, other in zip(reference, got, strict=True)])


def require_alive(outputs: list[np.ndarray]) -> None:
    """Raise CheckFailedError if different samples give the same outputs: then agreement would prove nothing."""
    spread = [
        float(np.ptp(array.astype(np.float64), axis=0).max()) / (float(np.abs(array).max()) or 1.0) for array in outputs
    ]
    if max(spread) < _ALIVE:
        raise CheckFailedError(
            "the network gives (nearly) the same outputs for different samples, so that comparing it proves "
            "nothing; are the weights right?"
        )


def as_list(outputs: Any) -> list[np.ndarray]:
    """What an engine returned, as a list."""
    return outputs if isinstance(outputs, list) else [outputs]
