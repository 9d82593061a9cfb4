"""A decoder that is called token by token: its cache, which grows from step to step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zoo.task import Run, as_list


class Decoding:
    """The decoder under way for a batch: its cache has the dtype of the graph, and a row for each text and beam.

    Args:
        step: the part that takes a token [N], what is in `fixed`, `memory` and the cache, [N, tensors, heads, past,
            size], and gives logits and what is new in the cache.
        fixed: inputs that are the same at each step, [N, ...]: the mask of the source.
        memory: what the encoder gave, [N, tensors, heads, source, size].
        beams: texts a row.
    """

    def __init__(self, step: Run, fixed: Sequence[np.ndarray], memory: np.ndarray, beams: int = 1):
        self._step = step
        self._fixed = [np.repeat(array, beams, axis=0) if beams > 1 else array for array in (*fixed, memory)]
        rows, tensors, heads, _, size = self._fixed[-1].shape
        self._cache = np.empty((rows, tensors, heads, 0, size), memory.dtype)

    def __call__(self, tokens: np.ndarray, origins: np.ndarray | None) -> np.ndarray:
        if origins is not None:
            self._cache = self._cache[origins]
        logits, new = as_list(self._step([tokens, *self._fixed, self._cache]))
        self._cache = np.concatenate([self._cache, new], axis=3)
        return logits
