"""Short reviews that a grammar makes, each with its sentiment, in the layout of SST-2.

A sentence is a frame of one or two clauses ("…, but …"), and a clause is a pattern around a word of praise or blame,
which a negation may turn round. So the sentiment hangs on the order of the words and not only on which they are. Some
frames and patterns are held out: no training sentence is built with them, and every sentence of the held-out part is.
Their words all occur in training.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from utils.datasets.samples.once import written_once

T = TypeVar("T")

SEED = 20240611
TRAINING, HELD_OUT = 12000, 1000

ASPECTS = (
    *("plot", "acting", "ending", "dialogue", "soundtrack", "camera work", "first half", "main character", "humour"),
    *("food", "service", "menu", "waiter", "dessert", "wine", "atmosphere", "kitchen", "breakfast", "view"),
    *("room", "bed", "staff", "pool", "location", "bathroom", "lobby", "garden", "beach", "night"),
    *("screen", "battery", "sound", "keyboard", "camera", "case", "price", "packaging", "manual", "design"),
)
# By sentiment: 0 is negative, 1 is positive, as in SST-2.
ADJECTIVES = (
    (
        *(
            "dull",
            "terrible",
            "awful",
            "boring",
            "disappointing",
            "poor",
            "weak",
            "annoying",
            "bland",
            "clumsy",
            "dreary",
        ),
        *("tasteless", "mediocre", "horrible", "tiresome", "shallow", "useless", "ugly", "careless", "sloppy", "noisy"),
        *("unpleasant", "ridiculous", "painful", "forgettable", "stale", "messy", "rude", "cheap", "lifeless"),
    ),
    (
        *(
            "great",
            "wonderful",
            "excellent",
            "charming",
            "delightful",
            "superb",
            "brilliant",
            "lovely",
            "fresh",
            "funny",
        ),
        *("impressive", "perfect", "elegant", "clever", "beautiful", "fantastic", "pleasant", "graceful", "moving"),
        *("remarkable", "outstanding", "refreshing", "splendid", "thoughtful", "marvellous", "comfortable", "friendly"),
        *("generous", "memorable", "warm"),
    ),
)
# (past, base form)
VERBS = (
    (("hated", "hate"), ("disliked", "dislike"), ("regretted", "regret"), ("despised", "despise"), ("cursed", "curse")),
    (("loved", "love"), ("enjoyed", "enjoy"), ("admired", "admire"), ("adored", "adore"), ("praised", "praise")),
)
DEGREES = ("", "", "very ", "really ", "quite ", "so ", "truly ", "rather ")

# {same} and {opposite} are adjectives of the clause's sentiment and of the other one; {did}, {undid}, {undo} verbs.
CLAUSES = (
    "the {aspect} is {degree}{same}",
    "the {aspect} was {same}",
    "i found the {aspect} {degree}{same}",
    "everybody found the {aspect} {same}",
    "we thought that the {aspect} was {same}",
    "the {aspect} seems {same} to me",
    "the {aspect} is not {opposite}",
    "the {aspect} is never {opposite}",
    "the {aspect} was not {opposite} at all",
    "nobody found the {aspect} {opposite}",
    "we did not find the {aspect} {opposite}",
    "the {aspect} is anything but {opposite}",
    "i {did} the {aspect}",
    "everybody {did} the {aspect}",
    "i did not {undo} the {aspect}",
    "we never {undid} the {aspect}",
    "nobody {undid} the {aspect}",
)
HELD_OUT_CLAUSES = (
    "to me the {aspect} is {degree}{same}",
    "we found the {aspect} so {same}",
    "we {did} the {aspect} so much",
    "the {aspect} was never {opposite}",
    "the {aspect} seems anything but {opposite}",
    "i did not find the {aspect} {opposite}",
    "we never found the {aspect} {opposite}",
    "we thought that the {aspect} was not {opposite}",
)
# {same} and {opposite} are clauses of the sentence's sentiment and of the other one: the last clause decides.
FRAMES = (
    "{same}",
    "{same} and {same}",
    "{opposite}, but {same}",
    "although {opposite}, {same}",
    "even though {opposite}, {same}",
    "{opposite}. still, {same}",
    "on the whole {same}",
    "all in all {same}, and {same}",
    "how much we talked of it: {same}",
    "did i find what i wanted? {same}",
)
HELD_OUT_FRAMES = (
    "{same}. {same}",
    "although {opposite}, all in all {same}",
    "{opposite}, but on the whole {same}",
    "even though {opposite}, on the whole {same}",
    "how much we talked of it: {opposite}, but {same}",
    "did i find what i wanted? {opposite}. still, {same}",
)


class Review(NamedTuple):
    """A sentence, and its sentiment: 0 negative, 1 positive."""

    sentence: str
    label: int


def load_split() -> tuple[list[Review], list[Review]]:
    """(training part, held-out part): disjoint, half of each positive, the same on every machine.

    It rests on numpy's RandomState, whose numbers never change between versions.
    """
    random = np.random.RandomState(SEED)
    return _reviews(random, TRAINING, held_out=False), _reviews(random, HELD_OUT, held_out=True)


@written_once
def write_reviews(folder: Path) -> None:
    """Write the held-out part as SST-2 has it: <folder>/dev.tsv with the header sentence, label.

    The folder appears as a whole. One that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    lines = ["sentence\tlabel", *(f"{review.sentence}\t{review.label}" for review in load_split()[1])]
    (folder / "dev.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _reviews(random: np.random.RandomState, count: int, held_out: bool) -> list[Review]:
    """`count` different reviews; with `held_out`, each is built with at least one production of that part."""
    found: dict[str, Review] = {}
    while len(found) < count:
        label = len(found) % 2
        sentence, new = _sentence(random, label, held_out)
        if new == held_out:
            found.setdefault(sentence, Review(sentence, label))
    return list(found.values())


def _sentence(random: np.random.RandomState, label: int, held_out: bool) -> tuple[str, bool]:
    """A sentence, and whether any production of it is a held-out one."""
    frame = _one_of(random, FRAMES + HELD_OUT_FRAMES if held_out else FRAMES)
    new = frame in HELD_OUT_FRAMES
    text = ""
    for part in frame.replace("{", "|{").replace("}", "}|").split("|"):
        if part in ("{same}", "{opposite}"):
            pattern = _one_of(random, CLAUSES + HELD_OUT_CLAUSES if held_out else CLAUSES)
            new = new or pattern in HELD_OUT_CLAUSES
            part = _clause(random, pattern, label if part == "{same}" else 1 - label)
        text += part
    return _written(text, "!" if random.randint(8) == 0 else "."), new


def _clause(random: np.random.RandomState, pattern: str, label: int) -> str:
    verb, unverb = _one_of(random, VERBS[label]), _one_of(random, VERBS[1 - label])
    return pattern.format(
        aspect=_one_of(random, ASPECTS),
        degree=_one_of(random, DEGREES),
        same=_one_of(random, ADJECTIVES[label]),
        opposite=_one_of(random, ADJECTIVES[1 - label]),
        did=verb[0],
        undid=unverb[0],
        undo=unverb[1],
    )


def _written(text: str, end: str) -> str:
    """With capitals where sentences begin, and for I."""
    words = [
        "I" if word == "i" else word.capitalize() if before[-1] in ".?!" else word
        for before, word in zip([".", *text.split()], text.split(), strict=False)
    ]
    return " ".join(words) + end


def _one_of(random: np.random.RandomState, choices: Sequence[T]) -> T:
    return choices[random.randint(len(choices))]
