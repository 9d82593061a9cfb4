"""What people chose one after the other, of which the last is to be told from things that they never chose.

NAME.txt, in the layout of the authors of SASRec: a line a choice, person and thing with a space between, the choices of
a person in the order of time. Beside it NAME.test.negative, as `leave_one_out` has it: (person,thing) with the thing
that the person chose last, and things that the person never chose, with tabs between. Persons and things count from 1.

A JSON file {"history": [1, 5, 9], "items": [2, 7]} asks for an order of `items` after these choices.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.folder import check_folder
from utils.datasets.sample import Listed, Sample
from utils.text_file import read_json, read_lines
from zoo_core.errors import DataError
from zoo_core.numbers import is_whole

_NEGATIVE = ".test.negative"
_FORM = '{"history": [1, 5, 9], "items": [2, 7]}'
_PAIR = re.compile(r"\(([0-9]{1,9}),([0-9]{1,9})\)")


@dataclass(frozen=True, eq=False)
class History:
    """chosen: int64 [m], what was chosen, the oldest first. items: int64 [n], different things, to be put in order."""

    chosen: np.ndarray
    items: np.ndarray


class Histories(Listed):
    """The persons of the only NAME in a folder; a sample's data are a `History` of all choices but the last, its truth
    the last one, which is the last of the items.

    Args:
        root: the folder.
        items: how many things there are.

    Raises:
        DataError: no such folder, not one pair of files in it, or a line that is wrong, which is named.
    """

    def __init__(self, root: str | Path, items: int) -> None:
        root = Path(root)
        check_folder(root)
        names = [path.name.removesuffix(_NEGATIVE) for path in sorted(root.glob(f"*{_NEGATIVE}"))]
        if len(names) != 1:
            raise DataError(f"{root}: there are {len(names)} files NAME{_NEGATIVE}; one is expected.")
        choices, others = root / f"{names[0]}.txt", root / f"{names[0]}{_NEGATIVE}"
        sequences = read_sequences(choices, items)
        self._samples = []
        for number, line in enumerate(read_lines(others), start=1):
            where = f"{others}, line {number}"
            head, *words = line.split("\t")
            pair = _PAIR.fullmatch(head)
            if pair is None:
                raise DataError(f"{where}: it begins with {head!r:.40}, expected (person,thing).")
            user, item = int(pair[1]), int(pair[2])
            *before, last = sequences.get(user, [0])
            if not before or last != item:
                raise DataError(f"{where}: {head} is no person of {choices.name} with an earlier choice, and the last.")
            asked = list(dict.fromkeys(_numbers(where, words)))
            asked = [*(one for one in asked if one != item), item]
            self._samples.append(Sample(f"{names[0]}:{user}", history(where, before, asked, items), item))
        if not self._samples:
            raise DataError(f"{others}: this file is empty.")


def read_sequences(path: Path, items: int) -> dict[int, list[int]]:
    """The choices of each person, in the file's order.

    Raises:
        DataError: unreadable, or a line that is not person and thing.
    """
    found: dict[int, list[int]] = {}
    for number, line in enumerate(read_lines(path), start=1):
        where = f"{path}, line {number}"
        pair = _numbers(where, line.split(" "))
        if len(pair) != 2 or not 1 <= pair[1] <= items:
            raise DataError(f"{where}: {line!r:.40}; a person and a thing of 1 to {items} are expected.")
        found.setdefault(pair[0], []).append(pair[1])
    return found


def history(where: str, chosen: Any, items: Any, known: int) -> History:
    """The checked question.

    Args:
        where: named in messages.
        chosen: what was chosen, the oldest first.
        items: what is to be put in order.
        known: how many things there are.

    Raises:
        DataError: a thing that the network does not know, one among `items` twice, or none.
    """
    for name, listed in (("history", chosen), ("items", items)):
        if not isinstance(listed, list) or not listed:
            raise DataError(f"{where}: {name} is {listed!r:.40}; a list of at least one is expected.")
        for item in listed:
            if type(item) is not int or not 1 <= item <= known:
                raise DataError(f"{where}: {name} has {item!r:.40}; this network knows the items 1 to {known}.")
    if len(set(items)) < len(items):
        raise DataError(f"{where}: an item stands there twice.")
    return History(np.array(chosen, np.int64), np.array(items, np.int64))


def read_history(path: str | Path, items: int) -> History:
    """The question that a JSON file asks. Raises DataError where it is none."""
    said = read_json(path, _FORM)
    if not isinstance(said, dict) or set(said) != {"history", "items"}:
        raise DataError(f"{path}: expected the fields history and items, as in {_FORM}.")
    return history(str(path), said["history"], said["items"], items)


def _numbers(where: str, words: list[str]) -> list[int]:
    if not words or not all(map(is_whole, words)):
        raise DataError(f"{where}: whole numbers are expected.")
    return [int(word) for word in words]
