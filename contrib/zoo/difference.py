"""How far two sets of outputs are apart."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from zoo.errors import CheckFailedError

# Largest difference over largest value. float32 against float64 inside PyTorch alone reaches 7e-4 (ResNet-152);
# float16 keeps 11 bits, so that one operation rounds by 5e-4, and a deep network adds such roundings up.
# bfloat16 keeps 8 bits; int8 has 8 for the whole range of a tensor.
TOLERANCE = {"float32": 1e-3, "float16": 2e-2, "bfloat16": 1.6e-1, "int8": 1.6e-1}
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


class Spread:
    """How far the outputs move from sample to sample, over any number of batches.

    Outputs whose size follows the samples' length are compared with those of the same size only.
    """

    def __init__(self) -> None:
        self.samples = 0
        self._widest = 0.0
        self._rows = 0  # of the present size
        self._compared = False  # whether two samples had outputs of one size
        self.holds_nan = False
        self._low: list[np.ndarray] = []
        self._high: list[np.ndarray] = []

    def add(self, outputs: list[np.ndarray]) -> None:
        """Count the outputs of one batch, each [rows, …]."""
        low, high = [array.min(axis=0) for array in outputs], [array.max(axis=0) for array in outputs]
        self.samples += len(outputs[0])
        # noted at once: what is kept of earlier batches goes where a later one has another size
        self.holds_nan |= any(array.dtype.kind == "f" and bool(np.isnan(array).any()) for array in low)
        if [array.shape for array in low] != [array.shape for array in self._low]:
            self._widest = max(self._widest, self._spread())
            self._low = self._high = []
            self._rows = 0
        self._rows += len(outputs[0])
        self._compared |= self._rows >= 2
        self._low = [np.minimum(*pair) for pair in zip(self._low, low, strict=True)] if self._low else low
        self._high = [np.maximum(*pair) for pair in zip(self._high, high, strict=True)] if self._high else high

    def _spread(self) -> float:
        """The widest of the outputs, relative to its size; 0 where there are none."""
        pairs = [
            (low.astype(np.float64), high.astype(np.float64))
            for low, high in zip(self._low, self._high, strict=True)
            if low.size  # a cache before its first step holds nothing
        ]
        return max(
            (float((high - low).max()) / (float(np.abs([low, high]).max()) or 1.0) for low, high in pairs), default=0.0
        )

    @property
    def alive(self) -> bool:
        """Whether samples gave different outputs, or none were of one size."""
        return self.reaches(_ALIVE)

    def reaches(self, spread: float) -> bool:
        """Whether samples' outputs are so far apart, relative to their size, or none were of one size."""
        return not self._compared or max(self._widest, self._spread()) >= spread

    def require_alive(self) -> None:
        """Raise CheckFailedError if all samples, at least two, gave the same: then agreement would prove nothing."""
        if self.holds_nan:
            raise CheckFailedError("the network gives NaN. Do the weights hold NaN, or values that are far too large?")
        if not self.alive:
            raise CheckFailedError(
                f"the network gives (nearly) the same outputs for all {self.samples} samples, so that comparing it "
                "proves nothing. Are the weights right, and the samples different?"
            )


def is_alive(outputs: list[np.ndarray], least: float = _ALIVE) -> bool:
    """Whether the outputs of one batch, each [rows, …], move from sample to sample by `least` of their size."""
    spread = Spread()
    spread.add(outputs)
    return spread.reaches(least)


def require_alive(outputs: list[np.ndarray]) -> None:
    """Raise CheckFailedError if the samples of one batch, at least two, all give the same outputs."""
    spread = Spread()
    spread.add(outputs)
    spread.require_alive()
