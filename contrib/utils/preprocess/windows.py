"""Windows that slide over recordings, for networks that see one window at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Windows:
    """Windows of `size` samples, every `hop` samples, of a recording with `before` zeros in front and enough behind.

    There are as many windows as begin within the recording; the last ones are filled up with zeros.
    """

    size: int
    hop: int
    before: int

    def count(self, samples: int) -> int:
        """How many windows a recording has."""
        return 1 + samples // self.hop

    def padded(self, samples: np.ndarray) -> np.ndarray:
        """float32: the recording between the zeros, so that its windows are those of `all` over it."""
        behind = (self.count(len(samples)) - 1) * self.hop + self.size - self.before - len(samples)
        return np.pad(samples, (self.before, max(behind, 0)))

    def all(self, padded: np.ndarray) -> np.ndarray:
        """A view of the windows: [N, windows, size], of [N, samples]."""
        return np.lib.stride_tricks.sliding_window_view(padded, self.size, axis=1)[:, :: self.hop]

    def run(self, network: Callable[[np.ndarray], list[np.ndarray]], padded: np.ndarray, rows: int) -> list[np.ndarray]:
        """What `network` gives for the windows of a batch of recordings, at most about `rows` windows a call.

        Args:
            network: takes [rows, size], and gives arrays of as many rows.
            padded: [N, samples].

        Returns:
            One array an output, [N, windows, …].
        """
        found: list[list[Any]] = []
        windows = self.all(padded)
        step = max(rows // len(padded), 1)
        for place in range(0, windows.shape[1], step):
            block = windows[:, place : place + step]
            outputs = network(np.ascontiguousarray(block).reshape(-1, self.size))
            found.append([output.reshape(*block.shape[:2], *output.shape[1:]) for output in outputs])
        return [np.concatenate(column, axis=1) for column in zip(*found, strict=True)]
