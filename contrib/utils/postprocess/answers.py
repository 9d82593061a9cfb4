"""From the scores of first and last tokens to the answer of a question, as transformers' question answering has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from utils.preprocess.question import Windows

BEST = 20  # first and last tokens of a window that are looked at, and spans that are kept
LONGEST = 30  # tokens of an answer at most


class Span(NamedTuple):
    """A piece of a text: its first character, the character behind its last one, and the sum of its two scores."""

    start: int
    end: int
    score: float


@dataclass(frozen=True)
class Found:
    """What a network says of a question.

    Attributes:
        spans: the best pieces of the text, best first.
        none: the score of "the text does not say it", the lowest of all windows: every one has to say so.
    """

    spans: tuple[Span, ...]
    none: float


def best_spans(starts: np.ndarray, ends: np.ndarray, windows: Windows) -> Found:
    """The best pieces of a text.

    Args:
        starts, ends: float [windows, length], the score of each token as the first and as the last one of the answer.
            Those of the first token of a window, which begins the question, say that there is no answer in it.
        windows: what the network was given.
    """
    spans: dict[tuple[int, int], float] = {}
    starts, ends = starts.astype(np.float32), ends.astype(np.float32)
    for first, last, offsets in zip(starts, ends, windows.offsets, strict=False):
        first, last = first[: len(offsets)], last[: len(offsets)]
        for start in _largest(first):
            for end in _largest(last):
                begin, stop = offsets[start], offsets[end]
                if begin is None or stop is None or not start <= end < start + LONGEST:
                    continue
                # two windows that overlap may hold the same span
                place, score = (begin[0], stop[1]), float(first[start] + last[end])
                spans[place] = max(score, spans.get(place, score))
    kept = sorted(spans.items(), key=lambda item: -item[1])[:BEST]
    count = len(windows.offsets)
    none = float((starts[:count, 0] + ends[:count, 0]).min())
    return Found(tuple(Span(*place, score) for place, score in kept), none)


def _largest(scores: np.ndarray) -> list[int]:
    return [int(place) for place in np.argsort(-scores, kind="stable")[:BEST]]
