"""Short texts that state facts about people, and questions about them, as a grammar makes them, in SQuAD 2.0's layout.

A quarter of the questions has no answer in its text: what is asked for is said of somebody else, or not at all. Every
fifth pair of a person and what is said of it is held out: no training text states it, and every answer of the held-out
part is one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from utils.datasets.samples.once import written_once

T = TypeVar("T")

SEEDS = (20261126, 20261127)  # of the training part and of the held-out one
TRAINING, HELD_OUT = 6000, 100  # texts
ASKED = 4  # questions about a text
LENGTHS = {False: (2, 8), True: (3, 14)}  # sentences of a text: in training, and held out

PEOPLE = (
    *("Anna", "Ben", "Clara", "David", "Emma", "Felix", "Grace", "Henry", "Ida", "Jonas", "Karla", "Leo", "Mia"),
    *("Nora", "Oscar", "Paula", "Robert", "Sofia", "Thomas", "Vera"),
)
_ANIMALS = [
    f"a {colour} {animal}" for colour in ("black", "white", "brown") for animal in ("cat", "dog", "horse", "bird")
]
_WHEELS = [f"a {colour} {thing}" for colour in ("red", "blue", "green") for thing in ("car", "van", "bicycle", "lorry")]


class Relation(NamedTuple):
    """What can be said of a person.

    Attributes:
        states: sentences that say it.
        asks: questions for the value.
        inverse: the question for the person.
        values: what is said.
    """

    states: tuple[str, ...]
    asks: tuple[str, ...]
    inverse: str
    values: tuple[str, ...]


RELATIONS = (
    Relation(
        ("{who} lives in {what}.", "{who} has a flat in {what}."),
        ("Where does {who} live?", "In which town does {who} live?"),
        "Who lives in {what}?",
        ("Oslo", "Lyon", "Porto", "Vienna", "Dublin", "Krakow", "Turin", "Bergen", "Ghent", "Leeds", "Malmo", "Basel"),
    ),
    Relation(
        ("{who} works in {what}.", "{who} has found work in {what}."),
        ("Where does {who} work?",),
        "Who works in {what}?",
        (
            *("a bakery", "a museum", "a small hotel", "the old library", "a garage", "the town hall"),
            *("a school", "a chemist's shop", "the new hospital", "a bank"),
        ),
    ),
    Relation(
        ("{who} was born in {what}.",),
        ("When was {who} born?", "In which year was {who} born?"),
        "Who was born in {what}?",
        tuple(str(year) for year in range(1951, 1999, 3)),
    ),
    Relation(
        ("{who} owns {what}.",),
        ("Which animal does {who} own?",),
        "Who owns {what}?",
        tuple(_ANIMALS),
    ),
    Relation(
        ("{who} drives {what}.",),
        ("What does {who} drive?",),
        "Who drives {what}?",
        tuple(_WHEELS),
    ),
    Relation(
        ("{who} likes to eat {what}.",),
        ("What does {who} like to eat?",),
        "Who likes to eat {what}?",
        ("rice", "soup", "fish", "apple pie", "cheese", "potatoes", "fresh bread", "plum cake", "noodles", "beans"),
    ),
)


class Asked(NamedTuple):
    """A question about a text; answer is "" where the text does not say it, and start the answer's first character.
    names is what the question names: a person, or what is said of one."""

    question: str
    answer: str
    start: int
    names: str


class Text(NamedTuple):
    """A text, and what is asked about it."""

    context: str
    asked: tuple[Asked, ...]


class Sentence(NamedTuple):
    """A sentence of a text: its first character, the one behind its full stop, and whether it speaks of what a question
    names."""

    start: int
    end: int
    meant: bool


def sentences(text: Text, asked: Asked) -> list[Sentence]:
    """The sentences of a text, in its order."""
    found, start = [], 0
    for words in text.context.split(". "):
        said = words.removesuffix(".")
        meant = said.startswith(f"{asked.names} ") or said.endswith(f" {asked.names}")
        found.append(Sentence(start, start + len(said) + 1, meant))
        start = found[-1].end + 1
    return found


def training_part(count: int = TRAINING) -> list[Text]:
    """Texts to train on, the same on every machine: they rest on numpy's RandomState, which never changes."""
    random = np.random.RandomState(SEEDS[0])
    return [_text(random, held_out=False) for _ in range(count)]


def drill_part(count: int) -> list[Text]:
    """Texts to train on that say the same of several people: of such a text, who looks for what is asked alone, and not
    for whom, finds the wrong answer. They hold nothing of the held-out part."""
    random = np.random.RandomState(SEEDS[0] + 1_000_000)
    chosen = [random.permutation(len(RELATIONS))[:2].tolist() for _ in range(count)]
    return [_text(random, held_out=False, relations=relations) for relations in chosen]


def held_out_part() -> list[Text]:
    """Texts whose answers training never saw, the same on every machine."""
    random = np.random.RandomState(SEEDS[1])
    return [_text(random, held_out=True) for _ in range(HELD_OUT)]


@written_once
def write_facts(folder: Path) -> None:
    """Write the held-out part as <folder>/dev-v2.0.json. A folder that already has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    paragraphs = [_paragraph(number, text) for number, text in enumerate(held_out_part())]
    content = {"version": "v2.0", "data": [{"title": "Facts", "paragraphs": paragraphs}]}
    (folder / "dev-v2.0.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _paragraph(number: int, text: Text) -> dict[str, object]:
    questions = [
        {
            "id": f"{number:03}-{place}",
            "question": asked.question,
            "answers": [{"text": asked.answer, "answer_start": asked.start}] if asked.answer else [],
            "is_impossible": not asked.answer,
        }
        for place, asked in enumerate(text.asked)
    ]
    return {"context": text.context, "qas": questions}


class _Fact(NamedTuple):
    who: int
    relation: int
    what: int

    @property
    def held_out(self) -> bool:
        return (self.who + self.what) % 5 == 0

    def said(self, pattern: str) -> str:
        return pattern.format(who=PEOPLE[self.who], what=RELATIONS[self.relation].values[self.what])


def _text(random: np.random.RandomState, held_out: bool, relations: Sequence[int] = ()) -> Text:
    """A text, and ASKED questions; with `held_out`, all that is answered is of that part, and nothing else is said;
    with `relations`, only these are spoken of, of anybody."""
    facts = _facts(random, random.randint(*LENGTHS[held_out]), held_out, relations)
    context, starts = "", []
    for fact in facts:
        sentence = fact.said(_one_of(random, RELATIONS[fact.relation].states))
        starts.append(len(context))
        context += f"{sentence} "
    places = random.permutation(len(facts))
    asked = [
        _unanswered(random, facts, relations)
        if number % 3 == 2
        else _answered(random, facts, context, starts, int(place))
        for number, place in enumerate(np.resize(places, ASKED))
    ]
    return Text(context.rstrip(), tuple(dict.fromkeys(asked)))


def _facts(random: np.random.RandomState, count: int, held_out: bool, relations: Sequence[int]) -> list[_Fact]:
    """Facts of a text: of a person and of a value, each relation says one thing."""
    found: list[_Fact] = []
    few = len(PEOPLE) if relations else max(2, count // 2)  # so that much is said of each
    people = random.permutation(len(PEOPLE))[:few].tolist()
    while len(found) < count:
        relation = _relation(random, relations)
        fact = _Fact(_one_of(random, people), relation, random.randint(len(RELATIONS[relation].values)))
        same = [one for one in found if one.relation == relation and (one.who == fact.who or one.what == fact.what)]
        if fact.held_out == held_out and not same:
            found.append(fact)
    return found


def _answered(
    random: np.random.RandomState, facts: Sequence[_Fact], context: str, starts: Sequence[int], place: int
) -> Asked:
    """A question for what a fact says, or of whom."""
    fact, relation = facts[place], RELATIONS[facts[place].relation]
    if random.randint(3) == 0:
        return Asked(fact.said(relation.inverse), PEOPLE[fact.who], starts[place], relation.values[fact.what])
    value = relation.values[fact.what]
    start = context.index(value, starts[place])
    return Asked(fact.said(_one_of(random, relation.asks)), value, start, PEOPLE[fact.who])


def _relation(random: np.random.RandomState, among: Sequence[int]) -> int:
    return _one_of(random, among) if among else random.randint(len(RELATIONS))


def _unanswered(random: np.random.RandomState, facts: Sequence[_Fact], relations: Sequence[int]) -> Asked:
    """A question for what the text does not say, of a person or a thing that it names where there is one."""
    known = {(fact.who, fact.relation) for fact in facts}
    said = {(fact.relation, fact.what) for fact in facts}
    while True:
        relation = _relation(random, relations)
        who = facts[random.randint(len(facts))].who if random.randint(4) else random.randint(len(PEOPLE))
        fact = _Fact(who, relation, random.randint(len(RELATIONS[relation].values)))
        if random.randint(3) == 0:
            if (relation, fact.what) not in said:
                return Asked(fact.said(RELATIONS[relation].inverse), "", 0, RELATIONS[relation].values[fact.what])
        elif (who, relation) not in known:
            return Asked(fact.said(_one_of(random, RELATIONS[relation].asks)), "", 0, PEOPLE[who])


def _one_of(random: np.random.RandomState, choices: Sequence[T]) -> T:
    return choices[random.randint(len(choices))]
