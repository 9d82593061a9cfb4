"""Sentences with persons, places and organisations, which a grammar makes, tagged as CoNLL-2003 tags them (IOB2).

Names are put together of syllables, so that those of held-out sentences are new, and their pieces are known. A name
alone ("Marlow") can be a person or a place: the words around it decide. Some patterns are held out as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from utils.datasets.samples.once import written_once

SEED = 20261127
TRAINING, HELD_OUT = 6000, 400
LABELS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG")

FIRST = ("Anna", "Ben", "Clara", "David", "Emma", "Felix", "Grace", "Henry", "Ida", "Jonas", "Karla", "Leo", "Mia")
BEGINNINGS = (
    *("Mar", "Hol", "Ber", "Kel", "Wes", "Nor", "Tal", "Lin", "Bran", "Har", "Sel", "Dor", "Win", "Ast"),
    *("Cal", "Dun", "Els", "Fen", "Gar", "Hut", "Ken", "Lam", "Mil", "Pel", "Ros", "Stan", "Thorn", "Wal"),
)
ENDINGS = (
    *("low", "ton", "ler", "mond", "sen", "field", "man", "ford", "berg", "ley"),
    *("wick", "dale", "bury", "ham", "well", "more", "stein", "by", "croft", "gate"),
)
KINDS = ("Bank", "Motors", "University", "Airlines", "Institute", "Press", "Energy", "Museum")
# {person}, {alone} (a person's last name), {place}, {firm}; words stand between spaces, marks too
PATTERNS = (
    "{person} works for {firm} in {place} .",
    "{person} was born in {place} .",
    "The trains from {place} to {place} are late today .",
    "{firm} opened an office in {place} .",
    "Mr {alone} met {person} at {firm} .",
    "{alone} said that {firm} would sell the house .",
    "Yesterday {person} travelled to {place} with Mrs {alone} .",
    "It rained in {place} , and {person} stayed at home .",
    "The head of {firm} , {person} , lives near {place} .",
    "Nobody at {firm} had heard of {alone} .",
    "We bought the old house last year .",
    "They asked {alone} to leave , but the others stayed .",
    "{firm} and {firm} signed a contract .",
)
HELD_OUT_PATTERNS = (
    "Yesterday {alone} was at home in {place} .",
    "{person} and Mr {alone} signed a contract with {firm} .",
    "The office of {firm} in {place} is late today .",
    "{person} , the head of {firm} , travelled from {place} to {place} .",
)


class Tagged(NamedTuple):
    """The words of a sentence, and their tags."""

    words: tuple[str, ...]
    tags: tuple[str, ...]


def load_split() -> tuple[list[Tagged], list[Tagged]]:
    """(training part, held-out part). No name of the held-out part, first names apart, is in the training part.

    It rests on numpy's RandomState, whose numbers never change between versions.
    """
    random = np.random.RandomState(SEED)
    names = [beginning + ending for beginning in BEGINNINGS for ending in ENDINGS]
    random.shuffle(names)
    cut = len(names) * 3 // 4
    return (
        _sentences(random, TRAINING, PATTERNS, names[:cut]),
        _sentences(random, HELD_OUT, PATTERNS[:6] + HELD_OUT_PATTERNS, names[cut:]),
    )


def _sentences(
    random: np.random.RandomState, count: int, patterns: Sequence[str], names: Sequence[str]
) -> list[Tagged]:
    """`count` sentences, most of them different."""
    return [_sentence(random, patterns[random.randint(len(patterns))], names) for _ in range(count)]


def _sentence(random: np.random.RandomState, pattern: str, names: Sequence[str]) -> Tagged:
    words: list[str] = []
    tags: list[str] = []
    for word in pattern.split():
        name = names[random.randint(len(names))]
        kind, parts = "", [word]
        if word == "{person}":
            kind, parts = "PER", [FIRST[random.randint(len(FIRST))], name]
        elif word == "{alone}":
            kind, parts = "PER", [name]
        elif word == "{place}":
            kind, parts = "LOC", [name] if random.randint(3) else ["New", name]
        elif word == "{firm}":
            kind, parts = "ORG", [name, KINDS[random.randint(len(KINDS))]]
        words += parts
        tags += [f"{'I' if number else 'B'}-{kind}" if kind else "O" for number in range(len(parts))]
    return Tagged(tuple(words), tuple(tags))


@written_once
def write_entities(folder: Path) -> None:
    """Write the held-out sentences as <folder>/test.txt. A folder that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    lines: list[str] = []
    for sentence in load_split()[1]:
        lines += [f"{word} {tag}" for word, tag in zip(*sentence, strict=True)] + [""]
    (folder / "test.txt").write_text("\n".join(lines), encoding="utf-8")
