"""Tasks whose preprocessing is a transform."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.task import Task


class Transformed(Task):
    """What a transform makes arrays of. A subclass is a dataclass that has the field.

    Attributes:
        transform: called with the data and with arrays to write to, it gives the network's inputs, and what is to be
            known of the original.
    """

    transform: Any

    @property
    def source_identity(self) -> str:
        return self.transform.source_identity()

    def preprocess(self, data: Any, out: tuple[np.ndarray, ...] | None = None) -> tuple[tuple[np.ndarray, ...], Any]:
        return self.transform(data, out)
