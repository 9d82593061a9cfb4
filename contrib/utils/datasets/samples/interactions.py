"""Drawn choices of people with tastes, so that it is known how well the things that are missing can be told at best.

Each person and each thing has a taste, eight numbers; things are more or less popular besides. A person chooses without
looking at anything else: the chance of a thing grows with how well the tastes fit, and with how popular it is. A fifth
of what a person chose is held out. How well popularity alone and the true chances find it stands in `best.json`.

It rests on numpy's RandomState, whose numbers never change between versions.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from utils.datasets.interactions import TEST, TRAIN
from utils.datasets.samples.once import written_once
from zoo_core.files import write_text

SEED, USERS, ITEMS = 20261127, 600, 400
TASTE, FIT, POPULAR = 8, 1.2, 0.7  # numbers of a taste; how much it counts, and how much popularity does
FEWEST, MOST, HELD_OUT = 15, 40, 0.2  # choices of a person, and the share of them that is to be found


class Choices(NamedTuple):
    """known, wanted: the things of each person, without an order. chances: float64 [USERS, ITEMS], logits."""

    known: list[list[int]]
    wanted: list[list[int]]
    chances: np.ndarray


def draw() -> Choices:
    """The choices of all persons, the same on every machine."""
    random = np.random.RandomState(SEED)
    people, things = random.standard_normal((USERS, TASTE)), random.standard_normal((ITEMS, TASTE))
    chances = FIT * people @ things.T / TASTE**0.5 * 2 + POPULAR * random.standard_normal(ITEMS)
    known, wanted = [], []
    for row in chances:
        count = random.randint(FEWEST, MOST + 1)
        # so many things without any twice: those with the largest chance and a bit of Gumbel's luck
        luck = -np.log(-np.log(random.random_sample(ITEMS)))
        chosen = np.argsort(-(row + luck), kind="stable")[:count]
        chosen = chosen[random.permutation(count)].tolist()
        held_out = round(count * HELD_OUT)
        known.append(chosen[held_out:])
        wanted.append(chosen[:held_out])
    return Choices(known, wanted, chances)


@written_once
def write_interactions(folder: Path) -> None:
    """Write train.txt, test.txt and best.json. A folder that has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    from utils.metrics.recommendation import TopItems

    choices = draw()
    for name, chosen in ((TRAIN, choices.known), (TEST, choices.wanted)):
        lines = [" ".join(map(str, (user, *sorted(items)))) + "\n" for user, items in enumerate(chosen)]
        write_text(folder / name, "".join(lines))
    times = np.bincount(np.concatenate(choices.known), minlength=ITEMS).astype(float)
    figures = {}
    for name, scores in (("chances", choices.chances), ("popularity", np.tile(times, (USERS, 1)))):
        metric = TopItems()
        for row, known, wanted in zip(scores, choices.known, choices.wanted, strict=True):
            rest = np.setdiff1d(np.arange(ITEMS), known)
            metric.update([_Scores(rest, row[rest])], [wanted])
        figures[name] = {key: round(value, 6) for key, value in metric.compute().items()}
    meaning = "how well the true chances, and how often a thing was chosen in train.txt, find what stands in test.txt"
    write_text(folder / "best.json", json.dumps({**figures, "meaning": meaning}, indent=2) + "\n")


class _Scores(NamedTuple):
    items: np.ndarray
    keys: np.ndarray
