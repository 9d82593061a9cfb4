"""Generating tokens with a network that is called step by step: greedy, drawn, and by beam search. numpy only.

Greedy and beam search choose as `generate()` of the transformers library (version 5) chooses, so that tokens are equal
to its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np

from zoo_core.errors import DataError

# From logits [rows, vocabulary] to a token a row, int64 [rows]
Choose = Callable[[np.ndarray], np.ndarray]
_NEVER = np.float32(-1e9)  # the logarithm of what must not be chosen, and can still be added up


class Step(Protocol):
    """One step of a decoder, which keeps what it has said of the tokens before."""

    def __call__(self, tokens: np.ndarray, origins: np.ndarray | None) -> np.ndarray:
        """Logits, any float [rows, vocabulary], of what comes behind `tokens`, int64 [rows].

        Args:
            origins: int64 [rows], the row of the step before that each row goes on from; None: its own.
        """
        ...


@dataclass(frozen=True)
class Search:
    """How tokens are chosen.

    Attributes:
        start, end, filling: ids of the first token of every text, of the one that ends it, and of what stands behind
            that. `filling` is never chosen, unless it is `end`.
        most: tokens of a text at most, `start` included.
        beams: texts that are followed at once; 1 is greedy.
        length_penalty: the sum of logarithms is divided by the length to this power; above 0, longer ones do better.
        early_stopping: True: as soon as there are `beams` whole texts; False: when no better one is likely;
            "never": when no better one is possible.
        ends: whether the last of `most` tokens is `end`, whatever the network says.
        prompt: the tokens that follow `start` in every text.
        never: tokens that are not chosen; never_first: nor are these, directly behind the prompt.
    """

    start: int
    end: int
    filling: int
    most: int
    beams: int = 1
    length_penalty: float = 1.0
    early_stopping: bool | Literal["never"] = False
    ends: bool = True
    prompt: tuple[int, ...] = ()
    never: tuple[int, ...] = ()
    never_first: tuple[int, ...] = ()

    def __call__(
        self, step: Step, rows: int, choose: Choose | None = None, told: Callable[[np.ndarray], None] | None = None
    ) -> np.ndarray:
        """The tokens of each text, int64 [rows, length], `start` included; behind `end` there is `filling`.

        Args:
            step: called for rows * beams rows; those of a text are beside each other.
            rows: how many texts.
            choose: without beams, how a token is chosen; by default the best one.
            told: without beams, called with the tokens so far, int64 [rows, length], whenever there is one more.

        Raises:
            DataError: the network gave NaN or infinity.
        """
        if self.beams > 1:
            return _Beams(self, rows).run(step)
        return self._one_by_one(step, rows, choose or _best, told)

    def limited(self, most: int) -> Search:
        """The same with at most so many tokens."""
        return replace(self, most=most)

    def _one_by_one(
        self, step: Step, rows: int, choose: Choose, told: Callable[[np.ndarray], None] | None
    ) -> np.ndarray:
        found = np.full((rows, self.most), self.filling, np.int64)
        found[:, 0] = self.start
        running = np.ones(rows, bool)
        for place in range(1, self.most):
            scores = self.allowed(_finite(step(found[:, place - 1], None)), place)
            found[running, place] = choose(scores)[running]
            if told is not None:
                told(found[:, : place + 1])
            running &= found[:, place] != self.end
            if not running.any():
                return found[:, : place + 1]
        return found

    def allowed(self, scores: np.ndarray, place: int) -> np.ndarray:
        """Scores [rows, vocabulary] with what may not stand at `place` at minus infinity."""
        forced = self._forced(place)
        if forced is not None:
            found = np.full_like(scores, -np.inf)
            found[:, forced] = 0
            return found
        refused = [*self.never, *(self.never_first if place == len(self.prompt) + 1 else ())]
        refused += [self.filling] if self.filling != self.end else []
        scores = scores.copy()
        scores[:, refused] = -np.inf
        return scores

    def _forced(self, place: int) -> int | None:
        """The token that stands at `place` whatever the network says, if there is one."""
        if place <= len(self.prompt):
            return self.prompt[place - 1]
        return self.end if self.ends and place == self.most - 1 else None


def until(row: np.ndarray, end: int) -> list[int]:
    """What stands between the first token of int64 [length] and the one that ends the text."""
    tokens = row[1:].tolist()
    return tokens[: tokens.index(end)] if end in tokens else tokens


class _Beams:
    """A beam search under way. Arrays are [rows, beams, …]: `running` are texts that go on, `whole` those that ended,
    both best first."""

    def __init__(self, search: Search, rows: int):
        self._search, self._rows = search, rows
        beams = search.beams
        self.running = np.full((rows, beams, search.most), search.filling, np.int64)
        self.running[:, :, 0] = search.start
        self.scores = np.zeros((rows, beams), np.float32)
        self.scores[:, 1:] = _NEVER  # at first all are the same text
        self.whole = self.running.copy()
        self.whole_scores = np.full((rows, beams), _NEVER, np.float32)
        self.ended = np.zeros((rows, beams), bool)
        self.hopeful = np.ones((rows, 1), bool)  # whether a better text is to be expected

    def run(self, step: Step) -> np.ndarray:
        """The best text of each row, int64 [rows, length]."""
        search, origins = self._search, None
        for place in range(1, search.most):
            logits = _finite(step(self.running[:, :, place - 1].ravel(), origins))
            scores, texts, parents = self._continued(logits, place)
            ends = (texts[:, :, place] == search.end) | (place == search.most - 1)
            origins = self._go_on(scores, texts, parents, ends)
            self._finish(scores, texts, ends, place)
            self._look_ahead(place)
            complete = self.ended.all() and search.early_stopping is True
            if not self.hopeful.any() or complete or ends.all():
                break
        best = self.whole[:, 0]
        lengths = np.where((best == search.end).any(axis=1), (best == search.end).argmax(axis=1) + 1, search.most)
        return best[:, : int(lengths.max())]

    def _continued(self, logits: np.ndarray, place: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The 2 * beams best continuations of each row: scores, texts, and the beams that they continue."""
        vocabulary = logits.shape[1]
        allowed = self._search.allowed(_log_softmax(logits), place)
        scores = (allowed.reshape(self._rows, -1, vocabulary) + self.scores[..., None]).reshape(self._rows, -1)
        best = _largest(scores, 2 * self._search.beams)
        parents = best // vocabulary
        texts = _taken(self.running, parents)
        texts[:, :, place] = best % vocabulary
        return _taken(scores, best), texts, parents

    def _go_on(self, scores: np.ndarray, texts: np.ndarray, parents: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Keep the best that have not ended; returns the row that each of them goes on from."""
        open_scores = scores + ends * _NEVER
        best = _largest(open_scores, self._search.beams)
        self.running, self.scores = _taken(texts, best), _taken(open_scores, best)
        return (_taken(parents, best) + np.arange(self._rows)[:, None] * self._search.beams).ravel()

    def _finish(self, scores: np.ndarray, texts: np.ndarray, ends: np.ndarray, place: int) -> None:
        """Put texts that have just ended among the whole ones, where they are better."""
        search = self._search
        good = ends & (np.arange(scores.shape[1]) < search.beams)
        found = scores / np.float32(place**search.length_penalty)
        if search.early_stopping is True:
            found = found + self.ended.all(axis=1, keepdims=True) * _NEVER
        found = found + ~self.hopeful * _NEVER + ~good * _NEVER
        every = np.concatenate([self.whole_scores, found], axis=1)
        best = _largest(every, search.beams)
        self.whole = _taken(np.concatenate([self.whole, texts], axis=1), best)
        self.whole_scores = _taken(every, best)
        self.ended = _taken(np.concatenate([self.ended, good], axis=1), best)

    def _look_ahead(self, place: int) -> None:
        """Whether a running text can become better than the worst whole one."""
        search = self._search
        never = search.early_stopping == "never" and search.length_penalty > 0
        length = search.most - 1 if never else place
        possible = self.scores[:, :1] / np.float32(length**search.length_penalty)
        worst = np.where(self.ended, self.whole_scores.min(axis=1, keepdims=True), _NEVER)
        self.hopeful &= (possible > worst).any(axis=1, keepdims=True)


def _best(scores: np.ndarray) -> np.ndarray:
    return scores.argmax(axis=1)


def _largest(scores: np.ndarray, count: int) -> np.ndarray:
    """The places of the `count` largest of each row, best first; of equals, the first."""
    return np.argsort(-scores, axis=1, kind="stable")[:, :count]


def _taken(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    return np.take_along_axis(values, places if values.ndim == 2 else places[..., None], axis=1)


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _finite(logits: np.ndarray) -> np.ndarray:
    if not np.isfinite(logits).all():
        raise DataError("the network gave NaN or infinity. In float16 this is often an overflow: try float32.")
    return logits.astype(np.float32)
