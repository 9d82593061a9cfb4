"""Choices that follow each other by a known rule, so that it is known how well the next one can be told at best.

Each of 200 things has four that follow it, with the shares of `SHARES`. A person's next choice follows the last one
(7 of 10), or the one before it, by a table of its own (2 of 10), or is any thing. What is true of the next choice is
therefore known (`probabilities`); how high it puts the thing that was chosen among 99 others stands in `best.json`.

It rests on numpy's RandomState, whose numbers never change between versions.
"""

import json
from math import log2
from pathlib import Path

import numpy as np

from utils.datasets.samples.once import written_once
from zoo_core.files import write_text

SEED, ITEMS, OTHERS = 20261126, 200, 99
TRAINING_SEED, HELD_OUT_SEED, HELD_OUT = 1, 2, 400
SHARES, LAST, BEFORE = (0.4, 0.3, 0.2, 0.1), 0.7, 0.2
SHORTEST, LONGEST = 5, 24


def transitions() -> np.ndarray:
    """float64 [2, 200, 200]: how the next thing follows the last one, and the one before it; things from 0."""
    world = np.random.RandomState(SEED)
    found = np.zeros((2, ITEMS, ITEMS))
    for table in found:
        for row in table:
            row[world.permutation(ITEMS)[: len(SHARES)]] = SHARES
    return found


def probabilities(chosen: list[int], tables: np.ndarray) -> np.ndarray:
    """How probable each thing is as the next choice.

    Args:
        chosen: at least two things, from 0.
        tables: what `transitions` gives.

    Returns:
        float64 [200], adding up to 1.
    """
    return LAST * tables[0, chosen[-1]] + BEFORE * tables[1, chosen[-2]] + (1 - LAST - BEFORE) / ITEMS


def draw(persons: int, seed: int) -> list[list[int]]:
    """The choices of each person, 5 to 24 things from 0, the same for the same seed on every machine."""
    random, tables = np.random.RandomState([SEED, seed]), transitions()
    found = []
    for _ in range(persons):
        chosen = random.randint(ITEMS, size=2).tolist()
        for _ in range(random.randint(SHORTEST, LONGEST + 1) - 2):
            shares = np.cumsum(probabilities(chosen, tables))
            chosen.append(min(int(np.searchsorted(shares, random.random_sample())), ITEMS - 1))
        found.append(chosen)
    return found


@written_once
def write_successions(folder: Path) -> None:
    """Write successions.txt, successions.test.negative and best.json. A folder that has content is left as it is.

    Raises:
        DataError: the folder cannot be written.
    """
    random, tables = np.random.RandomState([SEED, HELD_OUT_SEED, 1]), transitions()
    lines, others, places = [], [], []
    for person, chosen in enumerate(draw(HELD_OUT, HELD_OUT_SEED), start=1):
        *before, last = chosen
        negative = random.permutation(np.setdiff1d(np.arange(ITEMS), chosen))[:OTHERS]
        shares = probabilities(before, tables)
        places.append(1 + int((shares[negative] >= shares[last]).sum()))
        lines += [f"{person} {item + 1}\n" for item in chosen]
        others.append("\t".join([f"({person},{last + 1})", *map(str, (negative + 1).tolist())]) + "\n")
    hits = [place for place in places if place <= 10]
    best = {
        "hit_rate": round(len(hits) / len(places), 6),
        "ndcg": round(sum(1 / log2(place + 1) for place in hits) / len(places), 6),
        "meaning": "scores of the true probabilities on these persons, the chosen thing the last among equals",
    }
    write_text(folder / "successions.txt", "".join(lines))
    write_text(folder / "successions.test.negative", "".join(others))
    write_text(folder / "best.json", json.dumps(best, indent=2) + "\n")
