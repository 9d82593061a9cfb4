"""Decoders that are called token by token: their cache, which grows from step to step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from zoo.task import Run, as_list

CHUNK = 64  # tokens that a language model reads at once: this bounds the memory of their logits


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


class Continuing:
    """A language model under way for a batch: the keys and values of what it has read and written.

    Args:
        network: takes tokens [N, length], which of those before count [N, past], and their keys and values
            [N, tensors, heads, past, size]; gives logits [N, length, words] and the tokens' own keys and values.
        seen, cache: what there is before the first token, mostly nothing.
    """

    def __init__(self, network: Run, seen: np.ndarray, cache: np.ndarray):
        self._network = network
        self._seen, self._cache = seen, cache
        self._next: np.ndarray | None = None

    def read(self, ids: np.ndarray, counts: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Read texts, int64 [N, length], of which the first `counts` tokens of each row are there.

        Yields:
            Where in the texts a piece begins, and the logits behind each of its tokens, [N, piece, words].
        """
        real = np.arange(ids.shape[1]) < counts[:, None]
        for start in range(0, ids.shape[1], CHUNK):
            piece = slice(start, start + CHUNK)
            yield start, self._take(ids[:, piece], real[:, piece])

    def begin(self, rows: np.ndarray, beams: int, logits: np.ndarray) -> Continuing:
        """The same for some rows, each of them `beams` times; `logits` [N, words] are those behind their last token,
        which the first call gives whatever token it is asked with."""
        chosen = np.repeat(rows, beams)
        begun = Continuing(self._network, self._seen[chosen], self._cache[chosen])
        begun._next = logits[chosen]
        return begun

    def __call__(self, tokens: np.ndarray, origins: np.ndarray | None) -> np.ndarray:
        if self._next is not None:
            logits, self._next = self._next, None
            return logits
        if origins is not None:
            self._seen, self._cache = self._seen[origins], self._cache[origins]
        return self._take(tokens[:, None], np.ones((len(tokens), 1), bool))[:, 0]

    def _take(self, ids: np.ndarray, real: np.ndarray) -> np.ndarray:
        logits, new = as_list(self._network([ids, self._seen, self._cache]))
        self._seen = np.concatenate([self._seen, real.astype(np.int64)], axis=1)
        self._cache = np.concatenate([self._cache.astype(new.dtype, copy=False), new], axis=3)
        return logits
