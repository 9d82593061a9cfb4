"""A language model that writes: tokens a second, and the time to the first one.

The network takes tokens [batch, length], which of those before them count [batch, past], and their keys and values
[batch, tensors, heads, past, size]; it gives the scores of what comes behind each token, [batch, length, words], and
the tokens' own keys and values. A call reads a prompt of random tokens at once, and then writes token by token, the
best one each time, with a cache that grows.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.backends.base import Timings
from engine.base import Engine

from .inputs import WrongUseError, random_inputs

FORM = "tokens [batch, length], seen [batch, past] and cache [batch, tensors, heads, past, size]"


@dataclass
class Writing:
    """A network that writes `made` tokens behind a prompt, behind the interface that `measure` calls.

    Attributes:
        engine: runs the network.
        made: tokens that are written.
        firsts: of each call, the seconds until the first token was known.
        nexts: of each call, the mean seconds of a further one.
        written: the tokens of the last call, int64 [batch, made].
    """

    engine: Engine
    made: int
    firsts: list[float] = field(default_factory=list)
    nexts: list[float] = field(default_factory=list)
    written: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.int64))

    @property
    def timings(self) -> Timings:
        """The runtime's own, of single steps, say nothing of a whole call."""
        return Timings()

    def __call__(self, arrays: list[np.ndarray]) -> list[np.ndarray]:
        tokens, seen, cache = arrays
        start = time.perf_counter()
        found = []
        first = 0.0
        for _ in range(self.made):
            logits, new = self.engine([tokens, seen, cache])
            seen = np.concatenate([seen, np.ones_like(tokens)], axis=1)
            cache = np.concatenate([cache, new.astype(cache.dtype, copy=False)], axis=3)
            tokens = logits[:, -1:].argmax(axis=2)
            found.append(tokens)
            first = first or time.perf_counter() - start
        self.firsts.append(first)
        self.nexts.append((time.perf_counter() - start - first) / max(self.made - 1, 1))
        self.written = np.concatenate(found, axis=1)
        return [self.written]

    def figures(self, rate: float, batch: int, calls: int) -> dict[str, float | None]:
        """What `calls` last calls say, `rate` of them a second.

        Returns:
            tokens_per_second: written, over the time by the clock, that for the prompt included. first_token_ms,
            next_token_ms: medians; the second is None where one token is written.
        """
        return {
            "tokens_per_second": rate * batch * self.made,
            "first_token_ms": statistics.median(self.firsts[-calls:]) * 1e3,
            "next_token_ms": statistics.median(self.nexts[-calls:]) * 1e3 if self.made > 1 else None,
        }


def prompt(engine: Engine, batch: int, length: int, ranges: Mapping[str, tuple[float, float]]) -> list[np.ndarray]:
    """Random tokens, and that nothing was before them.

    Args:
        engine: of the network.
        batch, length: of the prompt.
        ranges: of the tokens, where the file does not say how many words there are.

    Raises:
        WrongUseError: the network is no language model of this form.
    """
    ranks = [len(spec.shape) for spec in engine.inputs]
    if ranks != [2, 2, 5] or len(engine.outputs) != 2:
        told = "; ".join(map(str, engine.inputs))
        raise WrongUseError(f"--generate measures a language model that takes {FORM}; this one takes {told}")
    tokens, seen, cache = engine.inputs
    fixed = [str(spec) for spec, axis in ((tokens, 1), (seen, 1), (cache, 3)) if isinstance(spec.shape[axis], int)]
    sizes = [cache.shape[axis] for axis in (1, 2, 4)]
    if fixed or not all(isinstance(size, int) for size in sizes):
        raise WrongUseError(f"--generate needs free lengths and a fixed size of the cache; got {cache}, {tokens}")
    words = engine.outputs[0].shape[-1]
    if tokens.name not in ranges and isinstance(words, int):
        ranges = {**ranges, tokens.name: (0, words - 1)}
    (ids,) = random_inputs([tokens], [[batch, length]], ranges)
    layers, heads, width = (int(size) for size in sizes)
    nothing = np.zeros((batch, layers, heads, 0, width), np.dtype(cache.dtype))
    return [ids, np.zeros((batch, 0), np.dtype(seen.dtype)), nothing]
