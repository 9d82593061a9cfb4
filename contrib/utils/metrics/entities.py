"""The metric of named entities, as the CoNLL shared tasks define it: an entity is right if its words and type are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from utils.metrics.base import MetricInfo, require_as_many
from utils.metrics.counts import counts_of, foreign
from utils.notices import notice
from zoo_core.errors import DataError

COUNTS = ("right", "found", "there", "words", "right_words")
Span = tuple[int, int, str]


class Tagged(Protocol):
    """A sentence with the tag of each of its words."""

    @property
    def tags(self) -> Sequence[str]: ...


class EntityF1:
    """F1 of entities (primary), precision and recall, over all sentences together; and the fraction of words with the
    right tag.

    All are those of conlleval, the shared tasks' own script: entities are the same whether their first word has B
    throughout (IOB2) or only behind another one of their type (IOB1), and tags are compared as they stand. Where a
    network writes one scheme and the truth the other, F1 may be 1 and accuracy less; a notice says so.
    """

    infos = tuple(MetricInfo(name, "fraction", 0.0, 1.0, True) for name in ("f1", "precision", "recall", "accuracy"))

    def __init__(self) -> None:
        self._counts = dict.fromkeys(COUNTS, 0)

    def update(self, predictions: Sequence[Tagged], truths: Sequence[Sequence[str]]) -> None:
        """Count one batch.

        Raises:
            DataError: different lengths, of the batch or of a sentence. Nothing of the batch has been counted then.
        """
        require_as_many(predictions, truths)
        for one, truth in zip(predictions, truths, strict=True):
            if not isinstance(truth, (tuple, list)) or len(one.tags) != len(truth):
                raise DataError(f"truth {truth!r:.80}: a tag for each of {len(one.tags)} words is expected.")
        for one, truth in zip(predictions, truths, strict=True):
            found, there = spans(one.tags), spans(truth)
            right = sum(a == b for a, b in zip(one.tags, truth, strict=True))
            if found == there and right < len(truth):
                notice(
                    "another scheme of tags",
                    "accuracy",
                    f"{' '.join(one.tags):.80} are the same entities as {' '.join(truth):.80} in another scheme. Their "
                    "tags count as different, as they do for conlleval; F1 is not touched.",
                )
            numbers = (len(found & there), len(found), len(there), len(truth), right)
            for name, number in zip(COUNTS, numbers, strict=True):
                self._counts[name] += number

    def compute(self) -> dict[str, float]:
        """The figures; DataError when nothing was counted. Without any entity, F1 is 0."""
        right, found, there, words, right_words = (self._counts[name] for name in COUNTS)
        if not words:
            raise DataError("no word was counted. Is the data set empty?")
        return {
            "f1": 2 * right / (found + there) if found + there else 0.0,
            "precision": right / found if found else 0.0,
            "recall": right / there if there else 0.0,
            "accuracy": right_words / words,
        }

    def state(self) -> dict[str, Any]:
        """The counts by their names."""
        return dict(self._counts)

    def merge(self, state: dict[str, Any]) -> None:
        """Add the counts of another process, as its `state()` gave them; DataError when they are not that."""
        counts = counts_of(state, COUNTS, "entities")
        if counts["right"] > min(counts["found"], counts["there"]) or counts["right_words"] > counts["words"]:
            raise foreign("entities", state)
        for name, number in counts.items():
            self._counts[name] += number


def spans(tags: Sequence[str]) -> set[Span]:
    """(first word, word behind the last, type) of each entity.

    A word begins an entity with B or S, with another type than the word before, or with I or E behind O or behind the
    end of an entity. So tags in which B stands only between neighbours of one type (IOB1) are read too.
    """
    found: set[Span] = set()
    first, before = 0, "O"
    for place, tag in enumerate([*tags, "O"]):
        if before != "O" and _ends(before, tag):
            found.add((first, place, before[2:]))
        if tag != "O" and (before == "O" or _ends(before, tag)):
            first = place
        before = tag
    return found


def _ends(before: str, tag: str) -> bool:
    """Whether an entity ends between a word that belongs to one and the word behind it."""
    return before[0] in "ES" or tag[0] in "OBS" or before[2:] != tag[2:]
