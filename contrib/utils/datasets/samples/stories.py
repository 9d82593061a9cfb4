"""Short stories that a grammar makes, for language models: who is in one, what it is and what is found stays the same.

How likely each story is, is known, and so the perplexity that no network can go below on average.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from utils.datasets.samples.once import written_once

T = TypeVar("T")

SEED = 20261126
TRAINING, HELD_OUT = 8000, 40
# A name with its pronoun and possessive
NAMES = (
    *(("Anna", "she", "her"), ("Ben", "he", "his"), ("Clara", "she", "her"), ("David", "he", "his")),
    *(("Emma", "she", "her"), ("Felix", "he", "his"), ("Grace", "she", "her"), ("Henry", "he", "his")),
)
ANIMALS = ("fox", "rabbit", "bear", "mouse", "hedgehog", "cat", "duck", "frog")
ADJECTIVES = ("little", "brave", "curious", "quiet", "clever", "hungry", "young", "shy")
PLACES = ("in the forest", "by the river", "under an old tree", "on a hill", "near the sea", "behind the mill")
TIMES = ("morning", "evening", "day", "summer", "winter")
HOBBIES = ("went for a walk", "sang a song", "looked at the clouds", "counted the birds", "baked some bread")
COLOURS = ("red", "blue", "green", "golden", "white")
# A thing, and what can be done with it
THINGS = (
    *(("ball", ("play with", "throw", "hide")), ("book", ("read", "hide", "borrow"))),
    *(("apple", ("eat", "share", "hide")), ("boat", ("sail", "paint", "borrow"))),
    *(("drum", ("play with", "paint", "borrow")), ("cake", ("eat", "share", "cut"))),
)
FINDS = ("found", "saw", "was given", "dreamt of")
ENDINGS = ("were happy", "were tired", "laughed", "fell asleep", "told everybody about it")


class Story(NamedTuple):
    """A story, and minus the logarithm of how likely it is, in nats."""

    text: str
    nats: float


class _Choices:
    """Draws evenly, and adds up how unlikely that was. The state is numpy's RandomState, which never changes."""

    def __init__(self, random: np.random.RandomState) -> None:
        self._random = random
        self.nats = 0.0

    def one_of(self, choices: Sequence[T]) -> T:
        self.nats += math.log(len(choices))
        return choices[self._random.randint(len(choices))]


def story(random: np.random.RandomState) -> Story:
    """One story."""
    drawn = _Choices(random)
    one = drawn.one_of
    hero, animal = one(NAMES), one(ANIMALS)
    name, pronoun, possessive = hero
    friend = one([other[0] for other in NAMES if other != hero])
    described = f"{one(ADJECTIVES)} {animal}"
    place = one(PLACES)
    sentences = [
        one((f"{name} was a {described} who lived {place}.", f"A {described} called {name} lived {place}.")),
        f"Every {one(TIMES)} {pronoun} {one(HOBBIES)}.",
    ]
    thing, uses = one(THINGS)
    sentences.append(f"Then {name} {one(FINDS)} a {one(COLOURS)} {thing}.")
    use = one(uses)
    sentences.append(f'{friend}, {possessive} friend, asked: "May I {use} the {thing}?"')
    if one((True, False)):
        sentences.append(f'"Yes," said the {animal}, and {friend} {_past(use)} the {thing}.')
    else:
        sentences.append(f'"No," said the {animal}, "it is mine."')
    sentences.append(f"In the end {name} and {friend} {one(ENDINGS)}.")
    return Story(" ".join(sentences), drawn.nats)


def _past(use: str) -> str:
    known = {"throw": "threw", "hide": "hid", "read": "read", "eat": "ate", "cut": "cut", "play with": "played with"}
    return known.get(use, use + ("d" if use.endswith("e") else "ed"))


def load_split() -> tuple[list[Story], list[Story]]:
    """(training, held out): none is in both, and none twice."""
    random = np.random.RandomState(SEED)
    found: dict[str, Story] = {}
    while len(found) < TRAINING + HELD_OUT:
        drawn = story(random)
        found.setdefault(drawn.text, drawn)
    stories = list(found.values())
    return stories[:TRAINING], stories[TRAINING:]


@written_once
def write_stories(folder: Path) -> None:
    """Write the held-out stories, a file each. A folder that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    for number, held_out in enumerate(load_split()[1], start=1):
        (folder / f"story_{number:02}.txt").write_text(held_out.text + "\n", encoding="utf-8")
