"""A task on numbers, for what leads samples through a network: which number is where can be told from the arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from utils.datasets.sample import Sample


class Numbers:
    """Sample n becomes [n, n, n], and the sum of the network's row its prediction; `out` is not used.

    seen: how many samples were preprocessed. raises: what the preprocessing of some raises, by their number.
    """

    padding = None
    play = None
    one_by_one = False
    python_bound = False
    many: Any = None

    def __init__(self, raises: dict[int, Exception] | None = None):
        self.raises = raises or {}
        self.seen = 0

    def preprocess(self, data: int, out: Any = None) -> tuple[tuple[np.ndarray, ...], int]:
        self.seen += 1
        if data in self.raises:
            raise self.raises[data]
        return (np.full(3, data, np.float32),), data

    def postprocess(self, outputs: list[np.ndarray], metas: list[int]) -> list[tuple[int, float]]:
        return [(meta, float(row.sum())) for meta, row in zip(metas, outputs[0], strict=True)]


def numbered(count: int) -> list[Sample]:
    return [Sample(f"number-{n}", n) for n in range(count)]
