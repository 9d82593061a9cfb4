"""Short English sentences with their German translation, which a grammar makes.

A sentence is a subject, a verb and an object, stated, denied or asked for, perhaps with a time. German has three
genders and two cases that show in articles and adjectives, puts "nicht" at the end, and the time in front, where the
verb comes before the subject. So a word's translation hangs on others that stand elsewhere. No held-out sentence is one
of training.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from utils.datasets.samples.once import written_once

SEED = 20251125
TRAINING, HELD_OUT = 24000, 200
# English singular and plural, gender, German singular and plural
NOUNS = (
    *(("dog", "dogs", "m", "Hund", "Hunde"), ("man", "men", "m", "Mann", "Männer")),
    *(("tree", "trees", "m", "Baum", "Bäume"), ("table", "tables", "m", "Tisch", "Tische")),
    *(("friend", "friends", "m", "Freund", "Freunde"), ("bird", "birds", "m", "Vogel", "Vögel")),
    *(("cat", "cats", "f", "Katze", "Katzen"), ("woman", "women", "f", "Frau", "Frauen")),
    *(("street", "streets", "f", "Straße", "Straßen"), ("flower", "flowers", "f", "Blume", "Blumen")),
    *(("sister", "sisters", "f", "Schwester", "Schwestern"), ("bridge", "bridges", "f", "Brücke", "Brücken")),
    *(("house", "houses", "n", "Haus", "Häuser"), ("child", "children", "n", "Kind", "Kinder")),
    *(("book", "books", "n", "Buch", "Bücher"), ("picture", "pictures", "n", "Bild", "Bilder")),
    *(("horse", "horses", "n", "Pferd", "Pferde"), ("ship", "ships", "n", "Schiff", "Schiffe")),
)
# English base and third person, German singular and plural
VERBS = (
    *(
        ("see", "sees", "sieht", "sehen"),
        ("find", "finds", "findet", "finden"),
        ("draw", "draws", "zeichnet", "zeichnen"),
    ),
    *(("love", "loves", "liebt", "lieben"), ("seek", "seeks", "sucht", "suchen"), ("know", "knows", "kennt", "kennen")),
    *(("need", "needs", "braucht", "brauchen"), ("hear", "hears", "hört", "hören")),
)
ADJECTIVES = (
    *(("small", "klein"), ("old", "alt"), ("beautiful", "schön"), ("new", "neu"), ("quiet", "still"), ("red", "rot")),
    *(("young", "jung"), ("long", "lang"), ("friendly", "freundlich"), ("strange", "seltsam")),
)
TIMES = (("today", "heute"), ("tomorrow", "morgen"), ("often", "oft"), ("always", "immer"), ("never", "nie"))
# By gender, and "p" for the plural: the definite article as subject and as object
THE = {"m": ("der", "den"), "f": ("die", "die"), "n": ("das", "das"), "p": ("die", "die")}
# The indefinite article, and the ending of the adjective behind it
A = {"m": (("ein", "er"), ("einen", "en")), "f": (("eine", "e"),) * 2, "n": (("ein", "es"),) * 2}


class Pair(NamedTuple):
    """A sentence and its translation."""

    source: str
    target: str


class _Phrase(NamedTuple):
    english: str
    german: str
    plural: bool


def sentence(random: np.random.RandomState) -> Pair:
    """One sentence; the state is numpy's RandomState, whose numbers never change between versions."""
    subject, object_ = _phrase(random, 0), _phrase(random, 1)
    base, third, single, several = VERBS[random.randint(len(VERBS))]
    verb = several if subject.plural else single
    english_time, german_time = TIMES[random.randint(len(TIMES))] if random.randint(2) else ("", "")
    kind = random.randint(4)
    denied = kind == 2 and english_time != "never"
    if kind == 3:
        helper = "do" if subject.plural else "does"
        source = f"{helper} {subject.english} {base} {object_.english} {english_time}".strip() + "?"
        words = [verb, subject.german, german_time, object_.german]
    else:
        helper = ("do not " if subject.plural else "does not ") + base
        said = helper if denied else (base if subject.plural else third)
        source = f"{subject.english} {said} {object_.english} {english_time}".strip() + "."
        front = [german_time, verb, subject.german] if german_time else [subject.german, verb]
        words = [*front, object_.german, "nicht" if denied else ""]
    target = " ".join(word for word in words if word) + source[-1]
    return Pair(source[0].upper() + source[1:], target[0].upper() + target[1:])


def _phrase(random: np.random.RandomState, case: int) -> _Phrase:
    """A noun with its article and perhaps an adjective. case: 0 subject, 1 object."""
    english, english_plural, gender, german, german_plural = NOUNS[random.randint(len(NOUNS))]
    plural, definite = bool(random.randint(2)), bool(random.randint(2))
    english_adjective, stem = ADJECTIVES[random.randint(len(ADJECTIVES))] if random.randint(2) else ("", "")
    if definite:
        article = THE["p" if plural else gender][case]
        ending = "en" if plural or (gender == "m" and case) else "e"
        english_article = "the"
    elif plural:
        article, ending, english_article = "", "e", ""
    else:
        article, ending = A[gender][case]
        english_article = "an" if english_adjective[:1] == "o" else "a"
    adjective = f"{stem}{ending}" if stem else ""
    source = [english_article, english_adjective, english_plural if plural else english]
    target = [article, adjective, german_plural if plural else german]
    return _Phrase(" ".join(filter(None, source)), " ".join(filter(None, target)), plural)


def load_split() -> tuple[list[Pair], list[Pair]]:
    """(training, held out): none is in both, and none twice."""
    random = np.random.RandomState(SEED)
    found: dict[Pair, None] = {}
    while len(found) < TRAINING + HELD_OUT:
        found[sentence(random)] = None
    pairs = list(found)
    return pairs[:TRAINING], pairs[TRAINING:]


@written_once
def write_parallel(folder: Path) -> None:
    """Write the held-out sentences as <folder>/test.tsv. A folder that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    lines = [f"{pair.source}\t{pair.target}\n" for pair in load_split()[1]]
    (folder / "test.tsv").write_text("".join(lines), encoding="utf-8")
